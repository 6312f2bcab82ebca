"""Whether the streams of a symbol may be traded on: what is wrong with them closes its gate, healing opens it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from adapters.store import gates
from adapters.store.database import Database
from trading.market.book_keeper import BookKeeper
from trading.market.clean import Finding
from trading.order_book import BookState

DOMAIN = "streams"
BOOK, STALE, UNREADABLE = "order book", "stale stream", "unreadable message"
_REMEMBERED_SECONDS = 10.0


class Vigil:
    """Remembers what was heard of each symbol; times to judge by are monotonic seconds."""

    def __init__(self, symbols: Sequence[str], stale_seconds: float, now: float) -> None:
        self._stale_seconds = stale_seconds
        self._heard = dict.fromkeys(symbols, now)
        self._unreadable: dict[str, tuple[float, str]] = {}
        self._written: dict[str, Mapping[str, str]] = {}

    def heard(self, symbol: str, now: float) -> None:
        """Note that the book of `symbol` was told of."""
        self._heard[symbol] = now

    def unreadable(self, symbol: str, why: str, now: float) -> None:
        """Note a message that could not be read, about `symbol`, or about any when it is empty."""
        for each in [symbol] if symbol else self._heard:
            self._unreadable[each] = now, why

    def judge(self, symbol: str, keeper: BookKeeper | None, now: float) -> dict[str, str]:
        """Return what is wrong with the streams of `symbol`, by check."""
        wrong: dict[str, str] = {}
        if keeper is None:
            wrong[BOOK] = "nothing was heard of it yet"
        elif keeper.state is not BookState.LIVE:
            wrong[BOOK] = keeper.reason
        silent = now - self._heard[symbol]
        if silent > self._stale_seconds:
            wrong[STALE] = f"no change of its book for more than {self._stale_seconds:g} s"
        at, why = self._unreadable.get(symbol, (float("-inf"), ""))
        if now - at < _REMEMBERED_SECONDS:
            wrong[UNREADABLE] = why
        return wrong

    def write(
        self, database: Database, keys: Mapping[str, str], wrong: Mapping[str, Mapping[str, str]], at: datetime
    ) -> None:
        """Set the gates of those symbols of which something else is `wrong` than was written last.

        Raises:
            Unavailable: the database does not answer; the next call writes it.
        """
        for symbol, checks in wrong.items():
            if self._written.get(symbol) == checks:
                continue
            findings = [Finding(check, True, 1, at, at, detail) for check, detail in checks.items()]
            with database.transaction() as connection:
                gates.write(connection, keys, symbol, findings, at, "collector", at, DOMAIN)
            self._written[symbol] = dict(checks)
