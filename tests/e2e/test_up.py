"""`tradewind up` from outside: it comes up, trades on schedule, stops without a trace and goes on after kill -9."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
import requests

from adapters.exchange.court_record import FILE_NAME, duplicate_orders
from adapters.store.local_postgres import LocalPostgres
from adapters.store.status import running_url

pytestmark = pytest.mark.e2e

#: Schedules tick at full minutes; a slow and loaded machine takes two of them to run a job.
_PATIENCE = 400.0
_QUERY = """{
  assetNodes { assetKey { path } groupName }
  repositoriesOrError { ... on RepositoryConnection { nodes { schedules { name scheduleState { status } } } } }
  runsOrError(limit: 50) { ... on Runs { results { jobName status } } }
}"""


class Up:
    """One `tradewind up` as a process of its own, with the addresses that it printed."""

    def __init__(self, data_dir: Path, log: Path) -> None:
        command = [sys.executable, "-m", "cli.main", "up", "--data-dir", str(data_dir), "--for", "1800", "--json"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TRADEWIND_")}
        self.log = log
        with log.open("ab") as errors:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, env=environment, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.addresses: dict[str, Any] = json.loads(line or "{}")
        assert "dagster" in self.addresses, log.read_text()
        self.tree = psutil.Process(self.process.pid).children(recursive=True)

    def ask(self) -> dict[str, Any]:
        answer = requests.post(f"{self.addresses['dagster']}/graphql", json={"query": _QUERY}, timeout=30)
        assert "errors" not in answer.json(), answer.text
        return answer.json()["data"]

    def end(self, number: signal.Signals) -> int:
        self.tree = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(number)
        code = self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def left_over(self, seconds: float) -> list[psutil.Process]:
        """Return what still runs of it `seconds` later; the database server has a session of its own."""
        _, alive = psutil.wait_procs([each for each in self.tree if each.is_running()], timeout=seconds)
        return [each for each in alive if each.status() != psutil.STATUS_ZOMBIE and each.name() != "postgres"]


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "data"
    yield folder
    LocalPostgres(folder).remove()


@pytest.fixture
def start(data_dir: Path, tmp_path: Path) -> Iterator[Callable[[], Up]]:
    started: list[Up] = []

    def begin() -> Up:
        started.append(Up(data_dir, tmp_path / "up.log"))
        return started[-1]

    yield begin
    for up in started:
        if up.process.poll() is None:
            up.end(signal.SIGTERM)


def rows(data_dir: Path, question: str) -> list[tuple[Any, ...]]:
    url = running_url(data_dir)
    assert url is not None
    with psycopg.connect(url) as connection:
        return connection.execute(question).fetchall()  # pyright: ignore[reportArgumentType, reportCallIssue]


def wait_for(what: Callable[[], bool], why: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not what():
        assert time.monotonic() < deadline, why
        time.sleep(1)


def of_a_run(process: psutil.Process) -> bool:
    """Whether `process` carries out a run that had begun, which ends by itself, or waits for one as its code server."""
    with suppress(psutil.NoSuchProcess):
        return any("multiprocessing" in part for each in (process, *process.children()) for part in each.cmdline())
    return True


def newest_signal(data_dir: Path) -> Any:
    return rows(data_dir, "select max(ts) from signals.strategy_signals where book = 'local'")[0][0]


def test_up_trades_on_schedule_and_goes_on_after_any_end(data_dir: Path, start: Callable[[], Up]) -> None:
    first = start()
    seen = first.ask()
    assert {"market", "features", "forecasts", "signals"} <= {node["groupName"] for node in seen["assetNodes"]}
    (repository,) = seen["repositoriesOrError"]["nodes"]
    schedules = {each["name"]: each["scheduleState"]["status"] for each in repository["schedules"]}
    assert schedules["intraday_every_minute"] == "RUNNING"
    wait_for(
        lambda: ("intraday", "SUCCESS") in {(r["jobName"], r["status"]) for r in first.ask()["runsOrError"]["results"]},
        "no scheduled run succeeded",
    )
    configuration = rows(data_dir, "select configuration from ops.books where book = 'local'")
    before = newest_signal(data_dir)
    assert before is not None
    wait_for(
        lambda: (
            rows(
                data_dir,
                "select count(*) from trading.outbox as o left join trading.inbox using (signal_id)"
                " where inbox.signal_id is null",
            )[0][0]
            == 0
        ),
        "signals did not reach execution",
    )

    heard = "select count(*) from market.live_candles inner join market.candles using (venue, symbol, ts, close)"
    wait_for(lambda: rows(data_dir, heard)[0][0] >= 3, "no bars from the streams")
    beats = "select detail ->> 'closed', detail ->> 'dropped' from ops.heartbeats where service = 'collector'"
    wait_for(lambda: rows(data_dir, beats) == [("[]", "0")], "the collector's gates are closed")

    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    assert [each for each in first.left_over(20) if not of_a_run(each)] == []
    assert first.left_over(90) == []

    second = start()
    assert rows(data_dir, "select configuration from ops.books where book = 'local'") == configuration
    wait_for(lambda: newest_signal(data_dir) > before, "no new signals after kill -9")
    gaps = "select count(*), max(ts) - min(ts) from market.candles where symbol = 'BTC/USDT'"
    count, span = rows(data_dir, gaps)[0]
    assert span.total_seconds() == 60 * (count - 1)
    assert rows(data_dir, "select count(*) from trading.journals where kind = 'DEPOSIT'") == [(7,)]
    assert rows(data_dir, "select symbol, reason from trading.symbol_states where state = 'HALTED'") == []
    assert rows(data_dir, "select * from trading.halts") == []

    assert second.end(signal.SIGTERM) == 130
    assert second.left_over(1) == []
    assert running_url(data_dir) is None
    assert duplicate_orders(data_dir / "simulator" / "local" / FILE_NAME) == 0
