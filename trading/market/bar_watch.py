"""The final bars of one stream: which of them may be believed, and what is missing between them."""

from datetime import datetime, timedelta

import polars as pl

from trading.candle import BARS, Candle
from trading.market.clean import vet
from trading.timeframe import Timeframe

#: A bar that is called final so long before its time is up is not late by the clocks' difference: it is wrong.
EARLY = timedelta(seconds=2)


class BarWatch:
    """Remembers the last final bar of one symbol. Times are those of the bars; `now` is the venue's."""

    def __init__(self, timeframe: Timeframe) -> None:
        self._timeframe = timeframe
        self._last: Candle | None = None
        self._wrong: dict[str, str] = {}
        #: The bars that were never told: open times of the first missing and of the first one after them.
        self.gap: tuple[datetime, datetime] | None = None

    @property
    def wrong(self) -> dict[str, str]:
        """What is wrong by check: until a sound bar follows, or until the gap is filled."""
        if self.gap is None:
            return dict(self._wrong)
        first, end = self.gap
        missing = (end - first) // self._timeframe.delta
        return {**self._wrong, "gap": f"{missing} bars from {first.isoformat()} were not told"}

    def take(self, bar: Candle, now: datetime) -> str:
        """Take in a final bar and return why it may not be used, "" when it may."""
        reason = self._reason(bar, now)
        if reason:
            self._wrong = {reason: f"the bar of {bar.ts.isoformat()}: {bar}"}
            return reason
        self._wrong = {}
        if self._last is None or bar.ts > self._last.ts:
            due = bar.ts if self._last is None else self._last.ts + self._timeframe.delta
            if bar.ts > due:
                self.gap = (self.gap or (due,))[0], bar.ts
            self._last = bar
        return ""

    def filled(self) -> None:
        """Note that the missing bars are there now, or known not to be."""
        self.gap = None

    def _reason(self, bar: Candle, now: datetime) -> str:
        if bar.ts + self._timeframe.delta > now + EARLY:
            return "not closed"
        if self._last is not None and bar.ts == self._last.ts and bar != self._last:
            return "conflicting duplicate"
        quarantined = vet(pl.DataFrame([vars(bar)], schema=BARS), self._timeframe).quarantined
        return "" if quarantined.is_empty() else quarantined.item(0, "reason")
