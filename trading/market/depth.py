"""All levels of one book, kept in order; a change goes in whole or not at all.

Prices stand in one sorted list per side with the best at its end, where most changes happen; a changed quantity costs
one look into a table. Prices of asks are negated, so both sides are the same structure.
"""

from bisect import bisect_left, insort
from collections.abc import Sequence
from decimal import Decimal
from operator import neg

from trading.errors import BadData
from trading.market.book_numbers import Prices, present
from trading.order_book import Level, Row

_ROWS = frozenset({list, tuple})  # a text would give its letters as price and quantity


class _Side:
    """The levels of one side; `rank` is the price, negated for asks: the highest is the best."""

    __slots__ = ("ranks", "rows")

    def __init__(self) -> None:
        self.ranks: list[float] = []
        self.rows: dict[float, Row] = {}

    def put(self, ranks: Sequence[float], present: Sequence[object], rows: Sequence[Row]) -> None:
        known, ordered = self.rows, self.ranks
        for rank, there, row in zip(ranks, present, rows, strict=True):
            if there:
                if rank not in known:
                    insort(ordered, rank)
                known[rank] = row
            elif rank in known:
                del known[rank]
                del ordered[bisect_left(ordered, rank)]

    def keep_best(self, count: int) -> None:
        excess = len(self.ranks) - count
        if excess > 0:
            for rank in self.ranks[:excess]:
                del self.rows[rank]
            del self.ranks[:excess]

    def best(self, count: int) -> list[Row]:
        return [self.rows[rank] for rank in self.ranks[: -count - 1 : -1]]


class Depth:
    """Both sides of one book."""

    __slots__ = ("_asks", "_bids", "_prices")

    def __init__(self) -> None:
        self._bids, self._asks, self._prices = _Side(), _Side(), Prices()

    def change(self, bids: Sequence[Row], asks: Sequence[Row], depth: int | None = None) -> None:
        """Set the quantities of these levels, zero removes one; keep the best `depth` levels of each side.

        Raises:
            BadData: a row is no level; nothing was changed.
        """
        prices = self._prices
        try:
            if not (_ROWS.issuperset(map(type, bids)) and _ROWS.issuperset(map(type, asks))):
                raise TypeError
            bid_ranks = [prices[row[0]] for row in bids]
            ask_ranks = list(map(neg, [prices[row[0]] for row in asks]))
            bids_present = present([row[1] for row in bids])
            asks_present = present([row[1] for row in asks])
        except (TypeError, LookupError):
            raise BadData(f"not a level among bids {str(bids)[:80]}, asks {str(asks)[:80]}") from None
        self._bids.put(bid_ranks, bids_present, bids)
        self._asks.put(ask_ranks, asks_present, asks)
        if depth is not None:
            self._bids.keep_best(depth)
            self._asks.keep_best(depth)

    @property
    def defect(self) -> str | None:
        """Return why no quote may come of this book: a side is empty, or bids meet asks; None when it is sound."""
        bids, asks = self._bids.ranks, self._asks.ranks
        if not bids or not asks:
            return "no bids" if asks else "no asks" if bids else "no levels"
        return f"crossed: bid {bids[-1]:.15g}, ask {-asks[-1]:.15g}" if bids[-1] + asks[-1] >= 0 else None

    def best_rows(self, count: int) -> tuple[list[Row], list[Row]]:
        """Return the best `count` bids and asks as the venue wrote them, best first."""
        return self._bids.best(count), self._asks.best(count)

    def best(self, count: int) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
        """Return the best `count` bids and asks, best first, exact."""
        bids, asks = self.best_rows(count)
        return tuple(map(_level, bids)), tuple(map(_level, asks))

    @property
    def levels(self) -> tuple[int, int]:
        """Return how many bids and asks there are."""
        return len(self._bids.ranks), len(self._asks.ranks)


def _level(row: Row) -> Level:
    return Level(Decimal(row[0]), Decimal(row[1]))
