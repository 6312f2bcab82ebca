"""A pause that the venue has asked for: until it is over, nothing at all is sent with this key."""

import math
from collections.abc import Callable
from datetime import datetime, timedelta

from adapters.exchange.ccxt_client import WireAnswer
from trading.ports import Clock

_TOO_MANY = (418, 429)
#: Where the venue does not say how long.
_SECONDS = 10


class Pause:
    """Shared by all that use one key; `clock` is the venue's time, for the venue counts in it.

    `elsewhere` says whether another process was asked the same; it must answer at once.
    """

    def __init__(self, clock: Clock, elsewhere: Callable[[], bool] = lambda: False) -> None:
        self._clock = clock
        self._elsewhere = elsewhere
        self._until: datetime | None = None

    def heed(self, answer: WireAnswer) -> None:
        """Begin a pause when `answer` asks for one."""
        if answer.status not in _TOO_MANY:
            return
        seconds = _SECONDS if answer.retry_after is None else math.ceil(answer.retry_after)
        until = self._clock.now() + timedelta(seconds=seconds)
        self._until = until if self._until is None else max(until, self._until)

    def lasts(self) -> bool:
        """Return whether the venue still wants to be left alone; Unavailable when its clock does not answer."""
        if self._until is not None and self._clock.now() > self._until:
            self._until = None
        return self._until is not None or self._elsewhere()
