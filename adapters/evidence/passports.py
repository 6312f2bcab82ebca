"""The passports of all orders of a book: every hash made anew, counted by kind, and the orders that have a flaw."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from adapters.evidence.marks import KINDS, Learn, Mark, marks
from adapters.evidence.origin import Origins
from adapters.store.database import Connection
from trading.errors import Misconfigured

#: Orders that are read at a time.
_BATCH = 1000
#: Orders that are named when a beginning fits several.
_NAMED = 5


@dataclass
class Counted:
    """How many comparisons of one kind there were, how many had nothing to compare, how many were not equal."""

    checked: int = 0
    missing: int = 0
    unequal: int = 0


@dataclass(frozen=True)
class Flawed:
    """An order with the comparisons that did not come out equal."""

    client_id: str
    strategy: str
    symbol: str
    marks: tuple[Mark, ...]


@dataclass
class Examined:
    """All orders of a book: comparisons by kind, in the order of KINDS, and the orders with a flaw, oldest first."""

    book: str
    orders: int = 0
    kinds: dict[str, Counted] = field(default_factory=lambda: {kind: Counted() for kind in KINDS})
    flawed: list[Flawed] = field(default_factory=list[Flawed])

    def add(self, found: Counter[tuple[str, str]]) -> None:
        """Count comparisons by (kind, word)."""
        for (kind, word), number in found.items():
            counted = self.kinds[kind]
            counted.checked += number
            counted.missing += number if word == "missing" else 0
            counted.unequal += number if word == "not equal" else 0


def examine(
    connection: Connection, book: str, learn: Learn, told: Callable[[str, int, int], None] = lambda *_: None
) -> Examined:
    """Compare all hashes of all orders of `book`; `told(phase, done, of)` hears how far it is."""
    rows = connection.execute(
        "select client_id from trading.orders where book = %s order by created_at, client_id", (book,)
    ).fetchall()
    ids, examined, origins = [row["client_id"] for row in rows], Examined(book), Origins(connection)
    for first in range(0, len(ids), _BATCH):
        batch = ids[first : first + _BATCH]
        found: Counter[tuple[str, str]] = Counter()
        for origin in origins.read(batch):
            compared = [*marks(origin, learn)]
            found.update((mark.kind, mark.word) for mark in compared)
            if flaws := tuple(mark for mark in compared if not mark.equal):
                order = origin.order
                examined.flawed.append(Flawed(order["client_id"], order["strategy"], order["symbol"], flaws))
        examined.orders += len(batch)
        examined.add(found)
        told("orders", examined.orders, len(ids))
    return examined


def named(connection: Connection, book: str | None, beginning: str) -> str:
    """Return the client id that begins like this, of `book` or of any.

    Raises:
        Misconfigured: no order's id does, or several do; the message names them.
    """
    if not beginning:
        raise Misconfigured("ORDER is empty: give a client id, or the beginning of one")
    rows = connection.execute(
        "select client_id from trading.orders where starts_with(client_id, %(beginning)s)"
        " and (%(book)s::text is null or book = %(book)s) order by client_id = %(beginning)s desc, client_id"
        " limit %(most)s",
        {"beginning": beginning, "book": book, "most": _NAMED},
    ).fetchall()
    ids = [row["client_id"] for row in rows]
    if not ids:
        where = "" if book is None else f" of book {book}"
        raise Misconfigured(f"ORDER {beginning}: no order{where} has a client id that begins like this")
    if len(ids) > 1 and ids[0] != beginning:
        more = ", ..." if len(ids) == _NAMED else ""
        raise Misconfigured(f"ORDER {beginning} is the beginning of several client ids: {', '.join(ids)}{more}")
    return ids[0]
