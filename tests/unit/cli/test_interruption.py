"""A signal that somebody else's handler takes is heeded all the same."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from cli.session import interruption
from cli.session.interruption import heeded
from services.process import interruptible
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


class Dying:
    """A destructor in which a signal comes: what its handler raises there is lost."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interruption_that_was_lost_is_raised_again_until_the_block_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interruption, "_PATIENCE_SECONDS", 0.05)
    lost = 0

    def work() -> None:
        nonlocal lost
        with interruptible(), heeded():
            Dying()
            while lost < 3:
                with suppress(Interrupted):
                    time.sleep(30)
                lost += 1
            time.sleep(30)

    began = time.monotonic()
    with pytest.raises(Interrupted, match="SIGINT"):
        work()
    assert (lost, time.monotonic() - began < 20) == (3, True)


def test_without_a_signal_nothing_happens() -> None:
    alarm = signal.getsignal(signal.SIGALRM)
    with heeded():
        pass
    assert signal.set_wakeup_fd(-1) == -1
    assert signal.getsignal(signal.SIGALRM) is alarm
    assert "interruption" not in {thread.name for thread in threading.enumerate()}
