"""A machine whose clock is off takes no new risk; exits go on."""

from datetime import timedelta
from decimal import Decimal

from services.execution.clock_watch import ClockGate, ClockWatch
from tests.integration.execution.floor import BOOK, SYMBOL, Floor
from trading.errors import Unavailable
from trading.order import OrderState


def test_the_gate_closes_while_the_skew_is_too_large(floor: Floor):
    floor.tell(floor.signal())
    floor.settle()
    gate = ClockGate(floor.database, floor.desk.clock, BOOK, "simulator", [SYMBOL])  # type: ignore[arg-type]
    gate.judge(timedelta(milliseconds=500))
    gate.judge(timedelta(milliseconds=-501))
    floor.pass_time(timedelta(minutes=1))
    floor.tell(floor.signal(exposure=Decimal("0.9")))
    floor.settle()
    assert [leg for leg, _ in floor.states()].count("entry") == 1
    assert "-0.501 s off" in floor.one("select reason from trading.risk_decisions order by decided_at desc limit 1")
    floor.tell(floor.signal(exposure=Decimal(0), stop=None))
    floor.settle()
    assert floor.states()[-1] == ("exit", OrderState.FILLED)
    gate.judge(timedelta(milliseconds=20))
    floor.pass_time(timedelta(minutes=1))
    floor.tell(floor.signal())
    floor.settle()
    assert [leg for leg, _ in floor.states()].count("entry") == 2
    floor.check()


def test_a_silent_venue_is_asked_again():
    answers: list[object] = [Unavailable("down"), timedelta(seconds=1)]

    class Clock:
        def now(self) -> None: ...

        def align(self) -> timedelta:
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            assert isinstance(answer, timedelta)
            return answer

    found: list[timedelta] = []
    watch = ClockWatch(Clock(), found.append)  # type: ignore[arg-type]
    watch.look()
    watch.look()
    assert found == [timedelta(seconds=1)]
