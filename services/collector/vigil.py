"""Whether the streams of a symbol may be traded on: what is wrong with them closes its gate, healing opens it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from adapters.store import gates
from adapters.store.database import Database
from trading.market.bar_watch import BarWatch
from trading.market.book_keeper import BookKeeper
from trading.market.finding import Finding
from trading.market.print_watch import PrintWatch
from trading.order_book import BookState
from trading.timeframe import Timeframe

DOMAIN = "streams"
BOOK, STALE, UNREADABLE, CLOCK = "order book", "stale stream", "unreadable message", "clock"
_REMEMBERED_SECONDS = 10.0
#: A stamp so far ahead of the venue's own clock is wrong.
_AHEAD = timedelta(seconds=2)


class Vigil:
    """Remembers what was heard of each symbol; times to judge by are monotonic seconds, stamps are the venue's."""

    def __init__(
        self, symbols: Sequence[str], timeframe: Timeframe, stale_seconds: float, spike_move: float, now: float
    ) -> None:
        #: No change of a book for so long, and stamps so far behind the venue's clock, are too much.
        self.stale_seconds = self.late_seconds = stale_seconds
        self._heard = dict.fromkeys(symbols, now)
        self._stamps: dict[str, datetime] = {}
        self._unreadable: dict[str, tuple[float, str]] = {}
        self._written: dict[str, Mapping[str, str]] = {}
        self.bars = {symbol: BarWatch(timeframe) for symbol in symbols}
        self._prints = {symbol: PrintWatch(spike_move) for symbol in symbols}

    def heard(self, symbol: str, now: float, stamp: datetime | None = None) -> None:
        """Note that the book of `symbol` was told of, and the venue's time of it."""
        self._heard[symbol] = now
        if stamp is not None:
            self._stamps[symbol] = stamp

    def printed(self, symbol: str, price: Decimal, now: float) -> None:
        """Note a public trade of `symbol`."""
        self._prints[symbol].take(price, now)

    def unreadable(self, symbol: str, why: str, now: float) -> None:
        """Note a message that could not be read, about `symbol`, or about any when it is empty."""
        for each in [symbol] if symbol else self._heard:
            self._unreadable[each] = now, why

    def judge(self, symbol: str, keeper: BookKeeper | None, now: float, at: datetime) -> dict[str, str]:
        """Return what is wrong with the streams of `symbol`, by check; `at` is the venue's time."""
        wrong: dict[str, str] = {}
        if keeper is None:
            wrong[BOOK] = "nothing was heard of it yet"
        elif keeper.state is not BookState.LIVE:
            wrong[BOOK] = keeper.reason
        if now - self._heard[symbol] > self.stale_seconds:
            wrong[STALE] = f"no change of its book for more than {self.stale_seconds:g} s"
        elif stamped := self._stamped(symbol, at):
            wrong[CLOCK] = stamped
        when, why = self._unreadable.get(symbol, (float("-inf"), ""))
        if now - when < _REMEMBERED_SECONDS:
            wrong[UNREADABLE] = why
        return {**wrong, **self.bars[symbol].wrong, **self._prints[symbol].wrong(now)}

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

    def _stamped(self, symbol: str, at: datetime) -> str:
        """Return what is wrong with the stamps of messages that arrive: they stand still, or come from the future."""
        stamp = self._stamps.get(symbol)
        if stamp is None:
            return ""
        if stamp > at + _AHEAD:
            return f"its newest message is stamped {stamp.isoformat()}, in the future"
        if stamp < at - timedelta(seconds=self.late_seconds):
            return f"its newest message is stamped {stamp.isoformat()}, though messages arrive"
        return ""
