"""Clocks: the simulator's virtual one, asked over HTTP, and the wall's."""

from datetime import UTC, datetime, timedelta

import httpx

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
        self._client = httpx.Client(base_url=rest_url, timeout=timeout, trust_env=False)

    def now(self) -> datetime:
        """Return the venue's time in UTC; Unavailable when it does not answer."""
        try:
            response = self._client.get("/api/v3/time")
            response.raise_for_status()
            return EPOCH + timedelta(milliseconds=int(response.json()["serverTime"]))
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise Unavailable(f"the venue's clock at {self._client.base_url} does not answer: {error}") from error

    def close(self) -> None:
        """Close the connection."""
        self._client.close()
