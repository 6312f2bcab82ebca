"""One budget of requests per venue for all processes: moving windows of `limits`, in Redis or in PostgreSQL.

Who reads may take a share of what the venue bears and no more, whoever took it: the rest is there for orders at any
moment. Orders are counted and never refused here.
"""

from time import monotonic
from typing import Any

import structlog
from limits import RateLimitItemPerSecond
from limits.strategies import MovingWindowRateLimiter

from adapters.exchange.passage import Allowance
from adapters.resilience.postgres_units import PostgresUnits
from adapters.store.database import Database

_log = structlog.get_logger()

#: What reads leave free for orders, exits and what execution asks; and what a backfill leaves free for other reads.
READS, BULK = 0.6, 0.4
#: A Redis that did not answer is asked again after so long.
_REDIS_AGAIN_SECONDS = 30.0


class _Window(RateLimitItemPerSecond):
    """A limit whose key does not hold its amount: all shares count in one window."""

    def key_for(self, *identifiers: Any) -> str:
        return "/".join(str(one) for one in identifiers)


class Budget:
    """The budget of every venue, kept in the Redis at `redis_url` while it answers and else in the database."""

    def __init__(self, database: Database, redis_url: str | None = None) -> None:
        self._database_windows = MovingWindowRateLimiter(PostgresUnits(database))
        self._redis_url = redis_url
        self._redis_windows: MovingWindowRateLimiter | None = None
        self._redis_again = 0.0

    def take(self, venue: str, allowance: Allowance, units: int, share: float) -> bool:
        """Take `units` when all of us together stay within `share` of what the venue bears; False when not now.

        Raises:
            Unavailable: neither Redis nor the database answers.
        """
        most = int(allowance.units * share)
        taken = self._in_redis(venue, allowance, min(units, most), most)
        if taken is not None:
            return taken
        # Others may reach the Redis that we do not: two halves are no more than the whole.
        most = most if self._redis_url is None else max(1, most // 2)
        window = _Window(most, allowance.seconds)
        return self._database_windows.hit(window, venue, cost=min(units, most))

    def count(self, venue: str, allowance: Allowance, units: int) -> None:
        """Count `units` that were used already, as far as the window holds them; Unavailable as for take()."""
        units = min(units, allowance.units)
        if self._in_redis(venue, allowance, units, allowance.units) is None:
            self._database_windows.hit(_Window(allowance.units, allowance.seconds), venue, cost=units)

    def used(self, venue: str, allowance: Allowance) -> int:
        """Return how many units were taken within the window that ends now, where they are counted at present."""
        window = _Window(allowance.units, allowance.seconds)
        windows = self._redis()
        if windows is not None:
            from redis.exceptions import RedisError

            try:
                return allowance.units - windows.get_window_stats(window, venue).remaining
            except RedisError as error:
                self._without_redis(error)
        return allowance.units - self._database_windows.get_window_stats(window, venue).remaining

    def _in_redis(self, venue: str, allowance: Allowance, units: int, most: int) -> bool | None:
        """Return whether the units could be taken in Redis, None where there is none that answers."""
        windows = self._redis()
        if windows is None:
            return None
        from redis.exceptions import RedisError

        try:
            return windows.hit(_Window(most, allowance.seconds), venue, cost=units)
        except RedisError as error:
            self._without_redis(error)
            return None

    def _redis(self) -> MovingWindowRateLimiter | None:
        if self._redis_url is None or monotonic() < self._redis_again:
            return None
        if self._redis_windows is None:
            from limits.storage import RedisStorage
            from redis.exceptions import RedisError

            # One connection is enough for who asks one thing after the other; a second is for the next thread.
            options: dict[str, Any] = {"socket_timeout": 1.0, "socket_connect_timeout": 1.0, "max_connections": 2}
            try:
                storage = RedisStorage(self._redis_url, key_prefix="tradewind", **options)
                storage.storage.ping()
            except RedisError as error:
                self._without_redis(error)
                return None
            self._redis_windows = MovingWindowRateLimiter(storage)
        return self._redis_windows

    def _without_redis(self, error: Exception) -> None:
        self._redis_windows, self._redis_again = None, monotonic() + _REDIS_AGAIN_SECONDS
        _log.warning("redis_away", setting="TRADEWIND_REDIS_URL", why=type(error).__name__)
