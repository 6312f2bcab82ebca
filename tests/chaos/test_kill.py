"""Any process of a run may be killed at any moment; the same command goes on and nothing is lost or done twice."""

import contextlib
import json
import os
import random
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from adapters.exchange.court_record import FILE_NAME, accepted_orders, duplicate_orders
from adapters.store import ledger
from adapters.store.database import Database
from adapters.store.local_postgres import LocalPostgres
from tests.e2e.command import Ended, end, start
from tests.integration.execution.floor import broken_links

pytestmark = pytest.mark.e2e

KILLS = 20
STEPS = 6
VICTIMS = ("parent", "simulator", "publisher", "execution", "postgres")


@dataclass
class Ordeal:
    """One book that is run, killed and run again until it is done."""

    folder: Path
    seed: int
    timeline: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def begin(self) -> subprocess.Popen[str]:
        size = ("--steps", str(STEPS), "--symbols", "BTC/USDT", "--json", "--seed", str(self.seed))
        return start("run", *size, "--data-dir", str(self.folder))

    def say(self, text: str) -> None:
        self.timeline.append(f"{time.monotonic() - self.began:6.1f} s  {text}")

    def pid(self, victim: str, parent: subprocess.Popen[str]) -> int | None:
        if victim == "parent":
            return parent.pid
        if victim == "postgres":
            with contextlib.suppress(OSError, ValueError, IndexError):
                return int((self.folder / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
            return None
        with contextlib.suppress(OSError, ValueError):
            rows: list[dict[str, Any]] = json.loads((self.folder / "children.json").read_text())
            return next((row["pid"] for row in rows if row["name"] == victim), None)
        return None

    def strike(self, victim: str, after: float) -> Ended | None:
        """Run until `victim` has lived for `after` seconds and kill it; None when the run was done before."""
        process = self.begin()
        while (pid := self.pid(victim, process)) is None:
            if process.poll() is not None:
                return end(process)
            time.sleep(0.02)
        deadline = time.monotonic() + after
        while time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.01)
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.say(f"killed {victim} {after:.1f} s after it began")
        return end(process)


def facts(folder: Path, result: dict[str, Any]) -> dict[str, Any]:
    """Check the books of a finished run against the venue's record, and return what must not depend on the kills."""
    (record,) = folder.glob(f"simulator/*/**/{FILE_NAME}")
    postgres = LocalPostgres(folder)
    postgres.start()
    try:
        with Database(postgres.url()) as database:
            assert broken_links(database) == []
            with database.transaction() as connection:
                book = result["run_key"]
                assert ledger.imbalance(connection, book) == 0
                ours = connection.execute(
                    "select client_id, venue_order_id, state, filled from trading.orders where book = %s", (book,)
                ).fetchall()
                fills = connection.execute("select sum(quantity) as n from trading.fills").fetchone()
                assert fills is not None
                reserved = connection.execute(
                    "select coalesce(sum(amount), 0) as n from trading.balances"
                    " where account = 'reserved' and currency = 'USDT'"
                ).fetchone()
                assert reserved is not None
    finally:
        postgres.stop()
    accepted = accepted_orders(record)
    events = [json.loads(line) for line in record.read_text().splitlines() if line.endswith("}")]
    traded = [event for event in events if event["event"] == "fill"]
    assert duplicate_orders(record) == 0
    assert {order.client_id for order in accepted} == {row["client_id"] for row in ours if row["venue_order_id"]}
    assert reserved["n"] == 0
    assert not [row for row in ours if row["state"] in ("INTENT", "SENDING", "UNKNOWN", "PENDING_CANCEL")]
    assert result["fills"] == len(traded)
    assert (result["duplicate_orders"], result["ledger_imbalance"], result["passport_nulls"]) == (0, "0", 0)
    return {name: result[name] for name in ("signals", "steps", "run_key")}


def test_a_run_survives_the_death_of_every_part(tmp_path: Path, seed: int):
    tmp_path.chmod(0o755)
    chance = random.Random(seed)
    kills, finished = 0, 0
    deaths: dict[str, int] = dict.fromkeys(VICTIMS, 0)
    ordeal = Ordeal(tmp_path / "killed", seed=7)
    try:
        while kills < KILLS:
            victim = VICTIMS[kills % len(VICTIMS)] if kills < len(VICTIMS) else chance.choice(VICTIMS)
            # the parent and the database begin long before trading does
            ended = ordeal.strike(victim, chance.uniform(0, 14 if victim in ("parent", "postgres") else 4))
            assert ended is not None
            if ended.code == 0:
                # this book is through: what it left is sound, and the next one begins
                ordeal.say(f"book {finished} is done after {kills} kills")
                facts(ordeal.folder, ended.result)
                finished += 1
                ordeal.folder = tmp_path / f"killed{finished}"
                continue
            kills += 1
            deaths[victim] += 1
            if victim == "parent":
                assert ended.code == -signal.SIGKILL
            else:
                ordeal.say(f"  ended with {ended.code}: {(ended.reasons or [ended.err[-300:]])[0][:150]}")
                assert ended.code == 1, ended.err
                assert len(ended.reasons) == 1, ended.err
                assert "Traceback (most recent call last)" not in ended.err.split("tradewind: ")[0]
        last = end(ordeal.begin())
        ordeal.say(f"ended with {last.code}")
        assert last.code == 0, last.err
        disturbed = facts(ordeal.folder, last.result)
        calm = end(Ordeal(tmp_path / "calm", seed=7).begin())
        assert calm.code == 0, calm.err
        assert disturbed == facts(tmp_path / "calm", calm.result)
        assert min(deaths.values()) >= 1
    finally:
        print(f"seed {seed}\n" + "\n".join(ordeal.timeline))
