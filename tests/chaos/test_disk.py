"""The disk of the database is full: trading stands still, and goes on by itself when there is room."""

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from adapters.exchange.court_record import accepted_orders, duplicate_orders
from adapters.store.local_postgres import LocalPostgres
from tests.chaos.doomed_server import BACK_SECONDS, STRATEGIES, Server, Witness, patiently, trading_again
from tests.chaos.rig import Rig, Worker, rig
from trading.errors import TradewindError, Unavailable

pytestmark = pytest.mark.chaos

#: Room for three fresh databases and their write-ahead log.
DISK_MB = 220


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of its own with little room."""
    folder = Path(tempfile.mkdtemp(prefix="tradewind-small-"))
    options = f"size={DISK_MB}m,mode=755"
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tradewind", folder], capture_output=True, check=False
        ).returncode
    )
    if not mounted:
        folder.rmdir()
        pytest.skip("disk full: a tmpfs cannot be mounted here (needs root and CAP_SYS_ADMIN)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
        folder.rmdir()


def fill(ballast: Path) -> None:
    """Write `ballast` until nothing more can be written beside it."""
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(bytes(4096)) == 4096:
            pass


def stalled(floor: Rig, worker: Worker) -> None:
    """Tell until nothing moves for two seconds, whether the database answers or not."""
    moved, last = time.monotonic(), -1
    deadline = moved + 60
    while time.monotonic() < moved + 2:
        assert time.monotonic() < deadline, "a full disk stops nothing"
        floor.tell(4)
        assert not worker.wait(0.1), "execution ended because of a full disk"
        with contextlib.suppress(TradewindError):
            if (consumed := floor.consumed) != last:
                moved, last = time.monotonic(), consumed


@pytest.mark.parametrize("full", ["data", "wal"])
def test_a_full_disk_halts_trading_and_room_lets_it_go_on(tmp_path: Path, small_disk: Path, seed: int, full: str):
    server = Server(LocalPostgres(small_disk))
    server.start()
    try:
        with rig(tmp_path, server.url, seed, strategies=STRATEGIES) as floor:
            worker, witness, ballast = floor.start(), Witness(floor), small_disk / "ballast"
            trading_again(floor, time.monotonic())
            fill(ballast)
            if full == "wal":
                with contextlib.suppress(psycopg.Error), psycopg.connect(server.url, autocommit=True) as connection:
                    for _ in range(40):
                        connection.execute("select pg_switch_wal() from pg_logical_emit_message(true, 'chaos', 'full')")
            stalled(floor, worker)
            alive = server.postgres.pid is not None
            with contextlib.suppress(Unavailable):
                witness.look()
            # of no order on the venue is the intent missing, and none follows
            before = len(accepted_orders(floor.simulator.record))
            floor.tell(4)
            worker.wait(1)
            assert len(accepted_orders(floor.simulator.record)) == before
            ballast.unlink()
            server.start()
            took = trading_again(floor, time.monotonic())
            patiently(witness.check)
            floor.until(lambda: patiently(floor.settled))
            cases = floor.check()
            print(
                f"{full} full: server {'lived' if alive else 'ended'}, {before} orders before, trading {took:.1f} s"
                f" after room was made, cases {cases}"
            )
            assert took < 2 * BACK_SECONDS
            said = (tmp_path / "workers.log").read_text()
            assert "no space left on the disk" in said if full == "data" else "TRADEWIND_DATABASE_URL" in said
            assert duplicate_orders(floor.simulator.record) == 0
    finally:
        server.postgres.remove()
