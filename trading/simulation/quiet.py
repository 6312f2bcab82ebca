"""Bars that meet no order: the walk through them is left out, for it would end in the same state."""

from collections.abc import Collection

from trading.simulation.matching import Book


def pass_bars(books: Collection[Book]) -> bool:
    """Walk every book to the close of its bar at once; False where a resting order may come to life on the way."""
    if not all(_quiet(book) for book in books):
        return False
    for book in books:
        book.walk.finish()
    return True


def open_bars(books: Collection[Book]) -> bool:
    """Open the bar of every book at once; False where a resting order comes to life at an open."""
    if not all(_opens_quietly(book) for book in books):
        return False
    for book in books:
        book.walk.begin()
    return True


def _quiet(book: Book) -> bool:
    ahead = [point.price for point in book.walk.course.ahead] if book.resting else []
    # An order may be due where the price stands already, and wait for somebody to trade with.
    prices = [*ahead, *([] if book.walk.price is None else [book.walk.price])] if ahead else []
    return not any(order.due(price) for order in book.resting.values() for price in prices)


def _opens_quietly(book: Book) -> bool:
    corner = book.walk.course.corner if book.resting and book.walk.course.opening else None
    return corner is None or not any(order.due(corner.price) for order in book.resting.values())
