"""Clocks: the wall's, and the venue's, asked over HTTP, which with the simulator is virtual."""

from datetime import UTC, datetime, timedelta

from trading.errors import Unavailable
from trading.timeframe import EPOCH


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
            return EPOCH + timedelta(milliseconds=int(response.json()["serverTime"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Unavailable(f"the venue's clock at {self._url} does not answer: {error}") from error

    def close(self) -> None:
        """Close the connection."""
        self._session.close()
