"""Request weights and order counts, on monotonic wall time: 429 when too much, 418 for those who do not stop."""

from collections import deque
from collections.abc import Callable

from services.simulator.refusals import Refusal

MINUTE = 60.0
ORDER_SECONDS = 10.0
#: How many further requests while told to wait bring a ban, and how long it lasts in seconds.
PATIENCE = 10
BAN = 120.0


class Limits:
    """What one address may do; `clock` is monotonic seconds."""

    def __init__(self, weight_limit: int, order_limit: int, clock: Callable[[], float]) -> None:
        self._weight_limit = weight_limit
        self._order_limit = order_limit
        self._clock = clock
        self._window = clock() // MINUTE
        self._ignored = 0
        self._closed_until = 0.0
        self._banned_until = 0.0
        self._orders: dict[str, deque[float]] = {}
        self.used_weight = 0

    @property
    def closed(self) -> bool:
        """Whether the address was told to wait and should not be here."""
        return self._clock() < max(self._closed_until, self._banned_until)

    def close_for(self, seconds: float) -> None:
        """Tell the address to wait for `seconds` from now, whatever its weight."""
        self._closed_until = self._clock() + seconds

    def spend(self, weight: int) -> None:
        """Count `weight`; Refusal 429, then 418, with the seconds to wait when the minute's limit is passed."""
        now = self._clock()
        if now < self._banned_until:
            raise _banned(self._banned_until - now)
        if now // MINUTE != self._window:
            self._window, self.used_weight = now // MINUTE, 0
        self.used_weight += weight
        if now < self._closed_until:
            self._ignored += 1
            if self._ignored >= PATIENCE:
                self._banned_until = now + BAN
                raise _banned(BAN)
            raise self._too_much(self._closed_until - now)
        self._ignored = 0
        if self.used_weight > self._weight_limit:
            self._closed_until = (self._window + 1) * MINUTE
            raise self._too_much(self._closed_until - now)

    def count_order(self, account: str) -> int:
        """Count one order of `account` and return how many its window holds; Refusal 429 -1015 when too many."""
        now = self._clock()
        orders = self._orders.setdefault(account, deque())
        while orders and orders[0] <= now - ORDER_SECONDS:
            orders.popleft()
        if len(orders) >= self._order_limit:
            limit = f"current limit is {self._order_limit} orders per 10 SECOND"
            raise Refusal(429, -1015, f"Too many new orders; {limit}.", _whole(orders[0] + ORDER_SECONDS - now))
        orders.append(now)
        return len(orders)

    def _too_much(self, seconds: float) -> Refusal:
        limit = f"current limit is {self._weight_limit} request weight per 1 MINUTE"
        return Refusal(429, -1003, f"Too much request weight used; {limit}.", _whole(seconds))


def _banned(seconds: float) -> Refusal:
    return Refusal(418, -1003, "Way too much request weight used; IP banned.", _whole(seconds))


def _whole(seconds: float) -> int:
    return max(1, int(seconds) + 1)
