"""The proof against the ledger: every coin of every wallet, and all money that ever moved, to the last unit."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from trading.errors import BadData
from trading.money import CONTEXT, ZERO
from trading.tax.books import Book, Told
from trading.tax.computation import Computation
from trading.tax.events import Acquisition, Adjustment


@dataclass(frozen=True)
class Held:
    """Units of a coin in a book's wallet by the lots, and by the ledger."""

    book: str
    asset: str
    lots: Decimal
    ledger: Decimal


@dataclass(frozen=True)
class Tie:
    """`gains` + `given` - `left` - `taken` is what trades moved in the currency, and so says the ledger (`moved`).

    `given` is the cost of what came in without a trade, `taken` the worth of what went out without one, `left` the
    cost of what remains; all over the whole life of the books.
    """

    held: tuple[Held, ...]
    gains: Decimal
    given: Decimal
    taken: Decimal
    left: Decimal
    moved: Decimal


def tie(books: Sequence[Book], done: Computation, told: Told) -> Tie:
    """Return both sides of the proof.

    Raises:
        BadData: they differ; the message says in what, and by how much.
    """
    with localcontext(CONTEXT):
        found = Tie(
            held=tuple(_held(books, done)),
            gains=sum((gain.amount for gain in done.gains), ZERO),
            given=_given(told),
            taken=sum((gain.proceeds - gain.fee for gain in done.gains if gain.disposal_id in told.outside), ZERO),
            left=sum((each.lot.cost for each in done.remaining), ZERO),
            moved=sum((_moved(book, done.country.currency) for book in books), ZERO),
        )
        for row in found.held:
            if row.lots != row.ledger:
                raise BadData(
                    f"{row.asset} of book {row.book}: lots hold {row.lots}, trading.balances {row.ledger}; a note of"
                    " --events about this book must explain an assumed event"
                )
        reckoned = found.gains + found.given - found.left - found.taken
        if reckoned != found.moved:
            raise BadData(f"the lots explain {reckoned} {done.country.currency}, the ledger moved {found.moved}")
    return found


def _given(told: Told) -> Decimal:
    outside = [event for event in told.events if event.event_id in told.outside]
    bought = sum((event.cost for event in outside if isinstance(event, Acquisition)), ZERO)
    return bought + sum((event.value for event in outside if isinstance(event, Adjustment)), ZERO)


def _held(books: Sequence[Book], done: Computation) -> list[Held]:
    rows: list[Held] = []
    for book in books:
        lots = {asset: units for (wallet, asset), units in done.balances.items() if wallet == book.wallet}
        ledger = {asset: units for asset, units in book.owned.items() if asset != done.country.currency}
        rows += [
            Held(book.name, asset, lots.get(asset, ZERO), ledger.get(asset, ZERO)) for asset in sorted({*lots, *ledger})
        ]
    return rows


def _moved(book: Book, currency: str) -> Decimal:
    paid_in = sum((each.amount for each in book.capital if each.currency == currency), ZERO)
    return book.owned.get(currency, ZERO) - paid_in
