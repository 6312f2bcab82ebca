"""Clocks: the wall's, the venue's, asked each time where time is virtual, and one that runs beside the venue's."""

from datetime import UTC, datetime, timedelta
from threading import Lock
from time import monotonic

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
    """The clock of the venue at `rest_url`, over a connection that stays open."""

    def __init__(self, rest_url: str, timeout: float = 5.0) -> None:
        # Imported here: the simulator needs only the wall's clock, and must start fast.
        import requests

        self._url = f"{rest_url}/api/v3/time"
        self._timeout = timeout
        self._session = requests.Session()
        self._session.trust_env = False

    def now(self) -> datetime:
        """Return the venue's time in UTC; Unavailable when it does not answer."""
        try:
            response = self._session.get(self._url, timeout=self._timeout)
            response.raise_for_status()
            told = response.json()
            # A simulator in steps tells apart the fills of one millisecond.
            return EPOCH + timedelta(milliseconds=int(told["serverTime"]), microseconds=int(told.get("stop", 0)))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Unavailable(f"the venue's clock at {self._url} does not answer: {error}") from error

    def close(self) -> None:
        """Close the connection."""
        self._session.close()


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
