"""The process of execution as it is wired: it trades until it is stopped, and a second one stands by."""

import json
import sys
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from threading import Event, Thread

import pytest
from structlog.testing import capture_logs

from services.execution.main import run
from tests.chaos.rig import Rig, rig
from trading.errors import Misconfigured, TradewindError
from trading.execution import protocol

#: As in production: what a busy machine takes between decision and wire is no part of these tests.
PATIENT = {"TRADEWIND_RECV_WINDOW_MS": "3000", "TRADEWIND_ABSENCE_MARGIN_MS": "3000", "TRADEWIND_LEASE_MS": "5000"}


class Process:
    """`run` in a thread of its own, told to stop at the end of the block; it holds nobody up if it does not."""

    def __init__(self) -> None:
        self.stop = Event()
        self.error: TradewindError | None = None
        self.thread = Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            run(self.stop)
        except TradewindError as error:
            self.error = error

    def ended(self) -> bool:
        self.thread.join(30)
        return not self.thread.is_alive()

    def __enter__(self) -> "Process":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join(30)


@pytest.fixture(autouse=True)
def interval() -> Iterator[None]:
    """Leave the interpreter as it was: execution changes how often threads take turns."""
    before = sys.getswitchinterval()
    yield
    sys.setswitchinterval(before)


def settings(floor: Rig, monkeypatch: pytest.MonkeyPatch, **more: str) -> None:
    for name, value in (floor.env | more).items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("market_time", ["running", "asked"])
def test_one_trades_and_says_so_and_another_stands_by(
    tmp_path: Path, database: str, seed: int, monkeypatch: pytest.MonkeyPatch, market_time: str
):
    # How long a machine with other work to do takes between decision and wire is no part of these tests.
    monkeypatch.setattr(protocol, "too_late", lambda *_: False)
    with rig(tmp_path, database, seed) as floor, capture_logs() as logs:
        settings(floor, monkeypatch, **PATIENT, TRADEWIND_MARKET_TIME=market_time)
        if market_time == "running":
            monkeypatch.setenv("TRADEWIND_HEALTH_PORT", "0")
        with Process() as owner, Process() as standby:
            # A signal that finds its symbol closed is refused for good.
            floor.until(lambda: floor.one("select count(*) from trading.symbol_states where state = 'OPEN'") > 0)
            floor.until(lambda: floor.one("select bool_and(state = 'OPEN') from trading.symbol_states"))
            assert any(line["event"] == "trading" for line in logs)
            floor.publish([floor.signal(exposure=Decimal("0.5"), stop=None)])
            floor.until(lambda: floor.one("select count(*) from trading.fills") > 0)
            urls = [line["url"] for line in logs if line["event"] == "health"]
            assert bool(urls) == (market_time == "running")
            told = [json.loads(urllib.request.urlopen(url, timeout=5).read())["state"] for url in urls]  # noqa: S310 - ours
            assert sorted(told) == (["standby", "trading"] if urls else [])
        assert owner.ended()
        assert standby.ended()
        assert (owner.error, standby.error) == (None, None)


def test_without_its_book_it_names_the_setting(
    tmp_path: Path, database: str, seed: int, monkeypatch: pytest.MonkeyPatch
):
    with rig(tmp_path, database, seed) as floor:
        settings(floor, monkeypatch, TRADEWIND_BOOK="nobody")
        with Process() as process:
            assert process.ended()
        assert isinstance(process.error, Misconfigured)
        assert "TRADEWIND_BOOK" in str(process.error)
