"""Clocks: the wall's, the venue's, asked each time where time is virtual, and one that runs beside the venue's."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from threading import Lock
from time import monotonic
from urllib.parse import urlsplit

from trading.errors import Unavailable
from trading.ports import Clock
from trading.timeframe import EPOCH

#: After so long without being set a clock may have drifted by milliseconds; who needs better sets it more often.
_OLD_SECONDS = 60.0


class WallClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the time in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - this is the one place where wall time comes in


class VenueClock:
    """The clock of the venue at `rest_url`, over connections that stay open. Thread safe.

    Where time is virtual it is asked with every look at the market, and `requests` would cost half as much again.
    """

    def __init__(self, rest_url: str, timeout: float = 5.0) -> None:
        # Imported here: the simulator needs only the wall's clock, and must start fast.
        import urllib3

        self._url = f"{rest_url}/api/v3/time"
        self._path = urlsplit(self._url).path
        self._pool = urllib3.connection_from_url(rest_url, timeout=timeout, retries=False, maxsize=4)
        self._error = urllib3.exceptions.HTTPError

    def now(self) -> datetime:
        """Return the venue's time in UTC; Unavailable when it does not answer."""
        try:
            response = self._pool.request("GET", self._path)
            if response.status != HTTPStatus.OK:
                raise ValueError(f"HTTP {response.status}")
            told = response.json()
            # A simulator in steps tells apart the fills of one millisecond.
            return EPOCH + timedelta(milliseconds=int(told["serverTime"]), microseconds=int(told.get("stop", 0)))
        except (self._error, OSError, ValueError, KeyError, TypeError) as error:
            raise Unavailable(f"the venue's clock at {self._url} does not answer: {error}") from error

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


class AlignedClock:
    """The venue's time without asking each time: a clock of this machine, set by the venue's answers.

    Between two settings it follows the monotonic clock, so a jump of the machine's time moves nothing. It never goes
    back. Thread safe: any number of threads set and read it.
    """

    def __init__(self, source: Clock) -> None:
        self._source = source
        self._set: tuple[float, datetime] | None = None
        self._latest = EPOCH
        self._lock = Lock()

    def align(self) -> timedelta:
        """Ask the venue for its time once and return by how much the machine's clock is ahead of it.

        Raises:
            Unavailable: the venue's clock does not answer; the old setting stays.
        """
        began = monotonic()
        answered = self._source.now()
        ended = monotonic()
        # The answer is as old as half its journey.
        moment = answered + timedelta(seconds=(ended - began) / 2)
        self._set = (ended, moment)
        return WallClock().now() - moment

    def now(self) -> datetime:
        """Return the venue's time in UTC; Unavailable when it was never asked and does not answer."""
        if self._set is None or monotonic() - self._set[0] > _OLD_SECONDS:
            try:
                self.align()
            except Unavailable:
                if self._set is None:
                    raise
        assert self._set is not None  # noqa: S101
        # Two readers at once must not put an older moment over a newer one.
        with self._lock:
            on, moment = self._set
            self._latest = max(self._latest, moment + timedelta(seconds=monotonic() - on))
            return self._latest
