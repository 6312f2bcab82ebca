"""A signal that somebody else's handler takes is heeded all the same."""

import os
import signal
from collections.abc import Iterator

import pytest

from cli.session.interruption import heeded
from trading.errors import Interrupted


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_was_swallowed_interrupts_after_the_block(number: signal.Signals) -> None:
    signal.signal(number, lambda *_: None)
    went_on: list[bool] = []

    def work() -> None:
        with heeded():
            os.kill(os.getpid(), number)
            went_on.append(True)

    with pytest.raises(Interrupted, match=number.name):
        work()
    assert went_on


def test_without_a_signal_nothing_happens() -> None:
    with heeded():
        pass
    assert signal.set_wakeup_fd(-1) == -1
