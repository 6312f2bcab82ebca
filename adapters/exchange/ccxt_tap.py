"""A tap on a ccxt.pro exchange: each message that it receives passes through our reader first, as text."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from adapters.exchange.recording import where
from adapters.exchange.streams.books import Books
from adapters.exchange.streams.message import Reading
from adapters.exchange.streams.reader import read
from trading.market.book_keeper import BookKeeper
from trading.order_book import BookUpdate

_BOOK_PATHS = ("depth", "book", "orderbook")


def tap(exchange: Any, keepers: dict[str, BookKeeper], take: Callable[[Reading], None]) -> None:
    """Give `take` the reading of each message from now on, and of the answers that hold a book; `keepers` follow."""
    made, answered, answers = exchange.client, exchange.on_rest_response, Books(keepers)

    def client(url: str) -> Any:
        found = made(url)
        if not hasattr(found, "tapped"):
            found.tapped = True
            found.handle_text_or_binary_message = _through(exchange.id, found, Books(keepers), take)
        return found

    def answer(code: Any, reason: Any, url: str, method: Any, headers: Any, body: str, *rest: Any) -> str:
        if urlsplit(url).path.rstrip("/").endswith(_BOOK_PATHS):
            reading = read(exchange.id, body, where(url))
            books = tuple(event for event in reading.events if isinstance(event, BookUpdate))
            answers.take(Reading(books))
            take(Reading(books))
        return answered(code, reason, url, method, headers, body, *rest)

    exchange.client, exchange.on_rest_response = client, answer


def _through(venue: str, client: Any, books: Books, take: Callable[[Reading], None]) -> Callable[[Any], None]:
    inner = client.handle_text_or_binary_message

    def tapped(data: Any) -> None:
        reading = read(venue, data.decode(errors="replace") if isinstance(data, bytes) else str(data))
        books.take(reading)
        take(reading)
        inner(data)

    return tapped
