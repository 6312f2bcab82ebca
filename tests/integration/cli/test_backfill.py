"""`tradewind data backfill` against the simulator: exactly the holes, over kills, through the same checks."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import polars as pl
import pytest
import structlog

from adapters.backfill import Backfill, Series
from adapters.store import gates
from adapters.store.database import Database
from adapters.store.frames import Store
from cli.program import enter
from tests.integration.adapters.store.conftest import db
from tests.integration.cli.test_json import assert_documented
from tests.integration.simulator.conftest import start_simulator
from tests.integration.simulator.simulator_process import SimulatorProcess
from trading.candle import TS
from trading.market.clean import Finding
from trading.market.gaps import gaps
from trading.timeframe import Timeframe

__all__ = ["db", "start_simulator"]

VENUE, SYMBOL = "simulator", "BTC/USDT"
START, END = datetime(2026, 2, 25, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
MINUTE = Timeframe.parse("1m")
COLUMNS = ["ts", "open", "high", "low", "close", "volume"]
WHERE = {"venue": VENUE, "symbol": SYMBOL, "timeframe": "1m"}
WANTED = ("--symbols", SYMBOL, "--timeframe", "1m", "--timerange", "20260225-20260301")


class Line:
    """The command line beside a simulator with four days of minutes."""

    def __init__(
        self, simulator: SimulatorProcess, database: Database, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.simulator, self.database, self._capsys = simulator, database, capsys
        self.environment = {
            "TRADEWIND_DATABASE_URL": database.url,
            "TRADEWIND_VENUE_URL": simulator.ready["rest_url"],
            "TRADEWIND_DATA_DIR": str(folder),
        }

    def start(self, *words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "cli.main", "data", "backfill", "--venue", VENUE, *words, "--json"]
        others = {name: value for name, value in os.environ.items() if not name.startswith("TRADEWIND_")}
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=others | self.environment)

    def ask(self, *words: str) -> tuple[int, dict[str, Any]]:
        code = enter(["data", "backfill", "--venue", VENUE, *words, "--json"])
        printed = self._capsys.readouterr()
        assert len(printed.out.splitlines()) == 1
        if code == 0:
            assert printed.err == ""
        return code, json.loads(printed.out)

    def say(self, *words: str) -> dict[str, Any]:
        code, told = self.ask(*words)
        assert code == 0, told
        (one,) = told["series"]
        if one["holes"]:
            assert_documented("data backfill", told)
        return one

    def stored(self) -> pl.DataFrame:
        return Store(self.database, "test", "0").read("market.candles", WHERE, columns=COLUMNS)

    def versions(self) -> int:
        with self.database.transaction() as connection:
            row = connection.execute("select count(*) as n from market.candles").fetchone()
        assert row is not None
        return row["n"]

    def lose(self, *holes: tuple[datetime, datetime]) -> None:
        """Make holes in what is stored, and forget that their days were read."""
        with self.database.transaction() as connection:
            for hole in holes:
                connection.execute("delete from market.candles where ts >= %s and ts < %s", hole)
            connection.execute("delete from ops.backfilled_days")

    @contextmanager
    def slow(self, milliseconds: int) -> Iterator[None]:
        rule = {"fault": "delay", "on": "market", "symbol": "BTCUSDT", "probability": 1, "milliseconds": milliseconds}
        self.simulator.control().faults({"seed": 1, "rules": [rule]})
        yield
        self.simulator.control().faults({"seed": 1, "rules": []})


@pytest.fixture
def line(
    start_simulator: Callable[..., SimulatorProcess],
    db: Database,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Line]:
    market = {"kind": "random", "seed": 5, "start": "2026-02-25T00:00:00Z", "end": "2026-03-02T00:00:00Z"}
    made = Line(start_simulator(timeframe="1m", market=market), db, tmp_path / "data", capsys)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    yield made
    structlog.reset_defaults()


def test_it_goes_on_after_a_kill_and_reads_each_bar_once(line: Line):
    with line.slow(250):
        process = line.start(*WANTED)
        began = monotonic()
        while not 1440 <= line.versions() < 4320:
            assert process.poll() is None
            assert monotonic() - began < 30
            sleep(0.02)
        process.kill()
        assert process.communicate() == ("", "")
    before = line.versions()
    assert before % 1440 == 0  # a day is there whole or not at all
    assert before < 5760
    again = line.say(*WANTED)
    assert again["missing"] == again["written"] == 5760 - before
    stored = line.stored()
    assert (stored.height, line.versions()) == (5760, 5760)
    assert gaps(stored.with_columns(symbol=pl.lit(SYMBOL)), MINUTE).is_empty()
    assert line.say(*WANTED)["missing"] == 0
    # What one reading at a stroke would have stored.
    line.lose((START, END))
    assert line.say(*WANTED)["written"] == 5760
    assert line.stored().equals(stored)


def test_it_reads_exactly_the_holes_and_says_before_what_it_would(line: Line):
    line.say(*WANTED)
    whole = line.stored()
    known = line.database
    holes = [
        (START + timedelta(hours=5), START + timedelta(hours=5, minutes=3)),
        (END - timedelta(hours=30), END - timedelta(hours=29)),
    ]
    line.lose(*holes)
    said = line.say("--dry-run")
    assert [(hole["first"], hole["bars"]) for hole in said["holes"]] == [
        ("2026-02-25 05:00:00+00:00", 3),
        ("2026-02-27 18:00:00+00:00", 60),
    ]
    assert (said["missing"], said["written"], line.versions()) == (63, 0, 5760 - 63)
    done = line.say()
    assert (done["written"], done["absent"], done["batches"]) == (63, 0, 2)
    assert line.stored().equals(whole)
    with known.transaction() as connection:
        row = connection.execute(
            "select count(*) as n, min(knowledge_ts) as known from market.candles where run_id like 'backfill-%%'"
            " and ts >= %s and ts < %s",
            holes[0],
        ).fetchone()
    # Known since it was read, by the venue's clock, whenever it closed.
    assert row == {"n": 3, "known": END}


def test_an_empty_answer_of_a_venue_that_gave_more_is_not_believed(line: Line):
    line.say(*WANTED)
    line.lose((START + timedelta(hours=5), START + timedelta(hours=6)))
    rule = {"fault": "list_200", "on": "market", "symbol": "BTCUSDT", "next": 2}
    line.simulator.control().faults({"seed": 1, "rules": [rule]})
    code, told = line.ask()
    assert (code, told["error"]) == (1, "Unavailable")
    assert "gives no 1m bar of BTC/USDT at 2026-02-25 04:59:00" in told["message"]
    with line.database.transaction() as connection:
        assert connection.execute("select 1 from ops.backfilled_days").rowcount == 0
    assert line.say()["written"] == 60


class Given:
    """A venue's history that is these bars."""

    def __init__(self, bars: pl.DataFrame) -> None:
        self.given, self.asked = bars, 0

    def bars(self, _symbol: str, _timeframe: Timeframe, start: datetime, end: datetime) -> Iterator[pl.DataFrame]:
        self.asked += 1
        yield self.given.filter(pl.col("ts").is_between(start, end, closed="left"))


class At:
    def now(self) -> datetime:
        return END


def given(day: int, **changes: Any) -> pl.DataFrame:
    begin = START + timedelta(days=day)
    times = pl.datetime_range(begin, begin + timedelta(days=1), MINUTE.delta, closed="left", eager=True).cast(TS)
    prices = {name: pl.lit(100.0) for name in COLUMNS[1:5]} | changes
    return pl.DataFrame({"ts": times}).with_columns(volume=pl.lit(1.0), **prices).select(COLUMNS)


def filled(database: Database, venue: Given, *, again: bool = False) -> tuple[int, int, int]:
    """Fill the first day from `venue` and return rows written, bars quarantined, bars not to be had."""
    series = Series(VENUE, SYMBOL, MINUTE)
    filler = Backfill(venue, database, At(), "book")  # pyright: ignore[reportArgumentType]
    done = [filler.fill(series, b) for b in filler.plan(series, START, START + timedelta(days=1), again=again)]
    return tuple(map(sum, zip(*map(astuple, done), strict=True))) if done else (0, 0, 0)


def test_what_the_venue_has_not_got_is_asked_for_once(db: Database):
    venue = Given(given(0).filter(~pl.col("ts").dt.hour().is_in([7, 8])))
    assert filled(db, venue) == (1320, 0, 120)
    asked = venue.asked
    assert (filled(db, venue), venue.asked) == ((0, 0, 0), asked)
    assert filled(db, venue, again=True) == (0, 0, 120)
    venue.given = given(0)
    assert filled(db, venue, again=True) == (120, 0, 0)


def test_bad_bars_are_quarantined_and_close_no_gate(db: Database):
    bad = pl.col("ts").dt.hour() == 7
    venue = Given(given(0, high=pl.when(bad).then(50.0).otherwise(100.0)))
    assert filled(db, venue) == (1380, 60, 0)
    with db.transaction() as connection:
        held = connection.execute("select distinct reason, source from ops.quarantined_candles").fetchall()
        results = connection.execute("select check_name, affected from ops.quality_results").fetchall()
        assert connection.execute("select 1 from ops.gates").rowcount == 0
    assert held == [{"reason": results[0]["check_name"], "source": VENUE}]
    assert results[0]["affected"] == 60


def test_a_gate_that_a_hole_had_closed_opens_at_the_next_look(line: Line):
    line.say(*WANTED)
    hole = (END - timedelta(minutes=10), END)
    line.lose(hole)

    def look() -> list[str]:
        """Look at what is stored as a check of the platform does."""
        panel = line.stored().with_columns(symbol=pl.lit(SYMBOL))
        newest, due = panel["ts"].max(), END - MINUTE.delta
        found = () if newest == due else (Finding("stale", True, 1, newest, due, f"newest bar is {newest}"),)
        with line.database.transaction() as connection:
            gates.write(
                connection, {"book": "book", "venue": VENUE, "timeframe": "1m"}, SYMBOL, found, END, "look", due
            )
            rows = connection.execute("select check_name from ops.gates where closed").fetchall()
        return [row["check_name"] for row in rows]

    assert look() == ["stale"]
    assert line.say("--timerange", "20260225-20260301")["written"] == 10
    with line.database.transaction() as connection:  # it closes and opens nothing by itself
        assert connection.execute("select 1 from ops.gates where closed").rowcount == 1
    assert look() == []


def test_without_anything_to_go_by_it_says_what_to_say(line: Line):
    code, told = line.ask()
    assert code == 2
    assert "--symbols, --timeframe and --timerange" in told["message"]
