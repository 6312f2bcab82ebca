"""The passage of those who read market data: they wait for their turn, and do not ask what is broken."""

from collections.abc import Callable
from time import monotonic, sleep

from adapters.exchange.passage import Allowance, Held, Reply, Request
from adapters.resilience.budget import READS, Budget
from adapters.resilience.circuits import Circuits

#: 403 is how a venue's firewall says it, without a time.
_TOO_MANY = (403, 418, 429)
#: Where the venue does not say for how long.
_PAUSE_SECONDS = 10.0
#: How long to wait before asking the budget again, and the longest wait before looking anew.
_TURN_SECONDS, _LOOK_SECONDS = 0.1, 1.0


class Reading:
    """Waits at most `patience` seconds for a pause, a broken endpoint or the budget; shared by nobody.

    `share` is the part of what the venue bears that reads like these may use up, all processes together.
    """

    def __init__(
        self,
        venue: str,
        allowance: Allowance,
        circuits: Circuits,
        budget: Budget,
        *,
        patience: float,
        share: float = READS,
        wait: Callable[[float], None] = sleep,
    ) -> None:
        self._venue, self._allowance = venue, allowance
        self._circuits, self._budget = circuits, budget
        self._patience, self._share, self._wait = patience, share, wait
        self._failures = 0

    def enter(self, request: Request) -> None:
        """Wait until `request` may go.

        Raises:
            Held: that would take longer than the patience.
            Unavailable: the database does not answer, so nobody can say what the venue bears.
        """
        began = monotonic()
        while (answer := self._circuits.enter(self._venue, request.endpoint)).seconds:
            self._hold(answer.seconds, answer.why, began)
        self._failures, waited = answer.failures, False
        while not self._budget.take(self._venue, self._allowance, request.units, self._share):
            self._hold(_TURN_SECONDS, "BUDGET", began)
            waited = True
        # While we waited for our turn another process may have been told to stop.
        while waited and (left := self._circuits.pause_left(self._venue)):
            self._hold(left, "PAUSED", began)

    def leave(self, reply: Reply) -> None:
        """Share a pause with all processes, and what the endpoint's circuit should know."""
        if reply.status is not None and reply.status in _TOO_MANY:
            seconds = _PAUSE_SECONDS if reply.retry_after is None else reply.retry_after
            self._circuits.pause(self._venue, reply.status, seconds)
        broken = reply.status is None or reply.status >= 500
        if broken or self._failures:
            self._circuits.leave(self._venue, reply.request.endpoint, worked=not broken, detail=reply.detail)

    def _hold(self, seconds: float, why: str, began: float) -> None:
        left = self._patience - (monotonic() - began)
        if seconds > left:
            raise Held(f"{self._venue} is not asked for {seconds:.0f} s: {_reason(why)}")
        self._wait(min(seconds, _LOOK_SECONDS))


def _reason(why: str) -> str:
    match why:
        case "PAUSED":
            return "it has asked to be left alone"
        case "BUDGET":
            return "the request budget shared by all processes is spent"
        case _:
            return f"its endpoint is broken ({why}); table ops.circuit_breakers says since when"
