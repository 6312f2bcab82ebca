"""A machine whose clock is off takes no new risk; exits go on."""

from datetime import timedelta
from decimal import Decimal

from services.execution.clock_watch import ClockWatch
from tests.integration.execution.floor import BOOK, SYMBOL, Floor
from trading.errors import Unavailable
from trading.order import OrderState


def test_the_gate_closes_while_the_skew_is_too_large(floor: Floor):
    floor.tell(floor.signal())
    floor.settle()
    watch = ClockWatch(floor.database, floor.desk.clock, BOOK, "simulator", [SYMBOL])  # type: ignore[arg-type]
    watch.judge(timedelta(milliseconds=500))
    watch.judge(timedelta(milliseconds=-501))
    floor.pass_time(timedelta(minutes=1))
    floor.tell(floor.signal(exposure=Decimal("0.9")))
    floor.settle()
    assert [leg for leg, _ in floor.states()].count("entry") == 1
    assert "-0.501 s off" in floor.one("select reason from trading.risk_decisions order by decided_at desc limit 1")
    floor.tell(floor.signal(exposure=Decimal(0), stop=None))
    floor.settle()
    assert floor.states()[-1] == ("exit", OrderState.FILLED)
    watch.judge(timedelta(milliseconds=20))
    floor.pass_time(timedelta(minutes=1))
    floor.tell(floor.signal())
    floor.settle()
    assert [leg for leg, _ in floor.states()].count("entry") == 2
    floor.check()


def test_a_silent_venue_is_asked_again(floor: Floor):
    answers: list[object] = [Unavailable("down"), timedelta(seconds=1), timedelta(seconds=2)]

    class Clock:
        now = floor.desk.clock.now

        def align(self) -> timedelta:
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            assert isinstance(answer, timedelta)
            return answer

    watch = ClockWatch(floor.database, Clock(), BOOK, "simulator", [SYMBOL])
    for closed in (0, 1, 1):
        watch.look()
        assert floor.one("select count(*) from ops.gates where domain = 'clock' and closed") == closed
