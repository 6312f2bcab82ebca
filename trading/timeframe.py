"""The length of a bar (`1m`, `5m`, `1h`, `4h`, `1d`) and the grid of its open times in UTC."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache

from trading.errors import Misconfigured

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Weeks open on Mondays, as venues have it; the epoch was a Thursday.
_WEEK_ORIGIN = datetime(1970, 1, 5, tzinfo=UTC)


@dataclass(frozen=True, order=True)
class Timeframe:
    """The length of a bar in whole seconds."""

    seconds: int

    @classmethod
    @lru_cache(maxsize=256)
    def parse(cls, name: str) -> "Timeframe":
        """Return the timeframe called `name`, for example `5m`; Misconfigured otherwise."""
        match = re.fullmatch(r"([1-9]\d*)([smhdw])", name)
        if match is None:
            raise Misconfigured(f"timeframe {name!r} is not one of the form 1m, 5m, 1h, 4h, 1d")
        return cls(int(match[1]) * _UNITS[match[2]])

    @cached_property
    def delta(self) -> timedelta:
        """The length as a timedelta."""
        return timedelta(seconds=self.seconds)

    @property
    def milliseconds(self) -> int:
        """The length in milliseconds."""
        return self.seconds * 1000

    @property
    def bars_per_year(self) -> float:
        """How many bars a year of 365 days holds (markets that never close)."""
        return 365 * 86400 / self.seconds

    def open_of(self, ts: datetime) -> datetime:
        """Return the open time of the bar that contains `ts`."""
        origin = _WEEK_ORIGIN if self.seconds % _UNITS["w"] == 0 else EPOCH
        return origin + ((ts - origin) // self.delta) * self.delta

    def times(self, factor: int) -> "Timeframe":
        """Return the timeframe `factor` times as long."""
        return Timeframe(self.seconds * factor)

    def __str__(self) -> str:
        """Return the shortest name, for example `1h` for 3,600 seconds."""
        for unit in ("w", "d", "h", "m"):
            if self.seconds % _UNITS[unit] == 0:
                return f"{self.seconds // _UNITS[unit]}{unit}"
        return f"{self.seconds}s"


def milliseconds_of(at: datetime) -> int:
    """Return the milliseconds since the epoch, nearest."""
    return round((at - EPOCH).total_seconds() * 1000)


def moment_of(milliseconds: int) -> datetime:
    """Return the time so many milliseconds after the epoch."""
    return EPOCH + timedelta(milliseconds=milliseconds)
