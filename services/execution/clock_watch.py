"""The clock watch: our clock set by the venue's again and again, and no new risk while the machine's is off."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

import structlog

from adapters.store import gates
from adapters.store.database import Database
from trading.errors import Unavailable
from trading.market.clean import Finding
from trading.ports import Clock

_log = structlog.get_logger()

#: A machine whose time is off by more cannot be trusted to know what is fresh.
MOST_SKEW = timedelta(milliseconds=500)
#: How often the venue is to be asked.
EVERY_SECONDS = 5.0


@runtime_checkable
class Alignable(Protocol):
    """A clock that can be set by the venue's."""

    def now(self) -> datetime:
        """Return the current market time."""
        ...

    def align(self) -> timedelta:
        """Ask the venue once; return by how much the machine's clock is ahead. Unavailable when it does not answer."""
        ...


def align(clock: Clock) -> None:
    """Set `clock` by the venue's, if it can be set; a venue that does not answer is asked again the next time."""
    if not isinstance(clock, Alignable):
        return
    try:
        clock.align()
    except Unavailable as error:
        _log.warning("unavailable", why=str(error))


class ClockWatch:
    """Aligns `clock`, and keeps the gates of a book's symbols closed while the skew is too large."""

    def __init__(self, database: Database, clock: Alignable, book: str, venue: str, symbols: Sequence[str]) -> None:
        self._database = database
        self._clock = clock
        self._keys = {"book": book, "venue": venue, "timeframe": "-"}
        self._symbols = tuple(symbols)
        self._closed: bool | None = None

    def look(self) -> None:
        """Align once and judge; a venue or database that does not answer is asked again the next time."""
        try:
            self.judge(self._clock.align())
        except Unavailable as error:
            _log.warning("unavailable", why=str(error))

    def judge(self, skew: timedelta) -> None:
        """Write what `skew` means, when it means something new."""
        closed = abs(skew) > MOST_SKEW
        if closed == self._closed:
            return
        now = self._clock.now()
        found = []
        if closed:
            detail = f"this machine's clock is {skew.total_seconds():+.3f} s off the venue's"
            found = [Finding("clock", blocking=True, count=1, first_ts=now, last_ts=now, detail=detail)]
            _log.error("clock_off", skew=skew.total_seconds())
        with self._database.transaction() as connection:
            for symbol in self._symbols:
                gates.write(connection, self._keys, symbol, found, now, "execution", now, domain="clock")
        self._closed = closed
