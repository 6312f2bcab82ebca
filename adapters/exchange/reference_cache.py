"""A cache of reference data over HTTP (what can be traded, in which steps): young answers, and none from the future.

Only those who read market data have one. Who sends orders asks the venue itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hishel import SqliteStorage
from hishel.requests import CacheAdapter
from requests import PreparedRequest, Response

from adapters.exchange.passage import Gate
from trading.ports import Clock
from trading.timeframe import EPOCH

MOST_AGE = timedelta(minutes=5)
#: When an answer was received, in the time of the market; the cache keeps it among the headers.
_KNOWN = "X-Tradewind-Known"
_KEY, _LIFETIME, _FROM_CACHE = "X-Hishel-Key", "X-Hishel-Ttl", "X-Hishel-From-Cache"


class ReferenceCache(CacheAdapter, Gate):
    """A gate that answers from the file `path`, shared by processes, while reference data are read; else it passes.

    `clock` is the market's: an answer is served only to those for whom it was known already, and for `most_age` after
    it was received, by that clock and by the wall's.
    """

    def __init__(self, path: Path, clock: Clock, most_age: timedelta = MOST_AGE) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(storage=SqliteStorage(database_path=path))
        self._clock, self._most_age = clock, most_age
        self._now: datetime | None = None

    @contextmanager
    def reference(self) -> Iterator[None]:
        """Let what is read within the block come from the cache."""
        self._now = self._clock.now()
        try:
            yield
        finally:
            self._now = None

    def send(self, request: PreparedRequest, *arguments: Any, **options: Any) -> Response:
        """Answer from the cache, or let `request` through to the venue and keep the answer."""
        now = self._now
        if now is None:
            return Gate.send(self, request, *arguments, **options)
        period = (now - EPOCH) // self._most_age
        request.headers[_KEY] = f"{request.method} {request.url} {period}"
        request.headers[_LIFETIME] = str(self._most_age.total_seconds())
        answer = super().send(request, *arguments, **options)
        if answer.headers[_FROM_CACHE] == "true" and not self._serves(answer, now):
            for name in (_KEY, _LIFETIME):
                del request.headers[name]
            return Gate.send(self, request, *arguments, **options)
        return answer

    def build_response(self, req: PreparedRequest, resp: Any) -> Response:
        """Note when the answer became known, unless it comes from the cache and says so."""
        if self._now is not None and _KNOWN not in resp.headers:
            resp.headers[_KNOWN] = self._now.isoformat()
        return super().build_response(req, resp)

    def _serves(self, answer: Response, now: datetime) -> bool:
        known = datetime.fromisoformat(answer.headers[_KNOWN])
        return timedelta(0) <= now - known < self._most_age
