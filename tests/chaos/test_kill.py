"""Any process of a run may be killed at any moment; the same command goes on and nothing is lost or done twice."""

import contextlib
import json
import os
import random
import signal
import subprocess
import time
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
import pytest

from adapters.exchange.court_record import FILE_NAME, accepted_orders, duplicate_orders
from adapters.store import ledger
from adapters.store.database import Database
from adapters.store.local_postgres import LocalPostgres
from adapters.store.postgres_home import folder_of
from adapters.store.postgres_process import postmaster
from tests.e2e.command import Ended, end, start
from tests.integration.execution.floor import broken_links

pytestmark = pytest.mark.e2e

KILLS = int(os.environ.get("TRADEWIND_TEST_KILLS") or 4)
STEPS = 16
VICTIMS = ("parent", "simulator", "publisher", "execution", "postgres")


@dataclass
class Ordeal:
    """One book that is run, killed and run again until it is done."""

    folder: Path
    timeline: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def begin(self) -> subprocess.Popen[str]:
        size = ("--steps", str(STEPS), "--symbols", "BTC/USDT", "--json")
        return start("run", *size, "--data-dir", str(self.folder))

    def say(self, text: str) -> None:
        self.timeline.append(f"{time.monotonic() - self.began:6.1f} s  {text}")

    def find(self, victim: str, parent: subprocess.Popen[str]) -> psutil.Process | None:
        """Return the living victim; the list of children on disk may still speak of the run before."""
        with contextlib.suppress(OSError, ValueError, LookupError, psutil.Error):
            begun = psutil.Process(parent.pid)
            if victim == "parent":
                return begun
            if victim == "postgres":
                # a database that outlived a killed parent is taken over by the next
                server = postmaster(folder_of(self.folder) / "data")
                return None if server is None else server.process
            rows: list[dict[str, Any]] = json.loads((self.folder / "children.json").read_text())
            child = psutil.Process({row["name"]: row["pid"] for row in rows}[victim])
            return child if child.create_time() > begun.create_time() else None
        return None

    def strike(self, victim: str, after: float) -> Ended:
        """Run until `victim` has lived for `after` seconds and kill it; the run may be done before."""
        process = self.begin()
        while (found := self.find(victim, process)) is None:
            if process.poll() is not None:
                return end(process)
            time.sleep(0.02)
        deadline = time.monotonic() + after
        while time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.01)
        if process.poll() is None:
            with contextlib.suppress(psutil.NoSuchProcess):
                found.kill()
                self.say(f"killed {victim} {after:.1f} s after it began")
        return end(process)


def check(folder: Path, result: dict[str, Any]) -> None:
    """Check the books of a finished run against the venue's record."""
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
                fills = connection.execute(
                    "select trade_id, client_id, price, quantity, fee from trading.fills where book = %s", (book,)
                ).fetchall()
                owned = ledger.owned(connection, book)
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
    booked = {(row["trade_id"], row["client_id"], row["price"], row["quantity"], row["fee"]) for row in fills}
    at_venue = {
        (str(one["trade_id"]), one["client_id"], *(Decimal(one[name]) for name in ("price", "quantity", "fee")))
        for one in traded
    }
    assert booked == at_venue
    assert len(fills) == len(traded) == result["fills"]
    assert owned == balances(events)
    assert (result["duplicate_orders"], result["ledger_imbalance"], result["passport_nulls"]) == (0, "0", 0)
    # two strategies, one symbol, every bar: as many as without any kill
    assert (result["steps"], result["signals"]) == (STEPS, 2 * STEPS)
    assert result["rows"]["trading.inbox"] == result["signals"]


def balances(events: list[dict[str, Any]]) -> dict[str, Decimal]:
    """Return what the venue's record says that the account owns."""
    owned: dict[str, Decimal] = defaultdict(Decimal)
    for event in events:
        if event["event"] == "account":
            for currency, amount in event["balances"].items():
                owned[currency] += Decimal(amount)
        if event["event"] == "fill":
            sign, quantity = (1 if event["side"] == "BUY" else -1), Decimal(event["quantity"])
            base, quote = event["symbol"].split("/")
            owned[base] += sign * quantity
            owned[quote] -= sign * quantity * Decimal(event["price"])
            owned[event["fee_currency"]] -= Decimal(event["fee"])
    return {currency: amount for currency, amount in owned.items() if amount}


def test_a_run_survives_the_death_of_every_part(tmp_path: Path, seed: int):
    tmp_path.chmod(0o755)
    chance = random.Random(seed)
    # every victim at least once, in an order of chance
    victims = [*VICTIMS, *chance.choices(VICTIMS, k=KILLS - len(VICTIMS))]
    chance.shuffle(victims)
    ordeal, books = Ordeal(tmp_path / "book1"), 1
    try:
        while victims:
            victim = victims[-1]
            # the parent and the database begin long before trading does
            ended = ordeal.strike(victim, chance.uniform(0, 10 if victim in ("parent", "postgres") else 3))
            if ended.code == 0:
                # what this book left is sound, and the next one begins
                ordeal.say(f"book {books} is done")
                check(ordeal.folder, ended.result)
                books += 1
                ordeal.folder = tmp_path / f"book{books}"
                continue
            victims.pop()
            if victim == "parent":
                assert ended.code == -signal.SIGKILL, ended.err
                continue
            ordeal.say(f"  ended with {ended.code}: {(ended.reasons or [ended.err[-300:]])[0][:150]}")
            assert ended.code == 1, ended.err
            assert len(ended.reasons) == 1, ended.err
            # what the dead child said last may follow, our own traceback may not come before
            assert "Traceback (most recent call last)" not in ended.err.split("tradewind: ")[0]
        last = end(ordeal.begin())
        ordeal.say(f"ended with {last.code}")
        assert last.code == 0, last.err
        check(ordeal.folder, last.result)
    finally:
        print(f"seed {seed}\n" + "\n".join(ordeal.timeline))
