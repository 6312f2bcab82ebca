"""What ingest costs when there is more of it: memory over ten million rows, time per row over a hundred symbols."""

import resource
import statistics
import subprocess
import sys
import time
from datetime import timedelta

from adapters.store.database import Database
from adapters.store.frames import Store
from tests.performance.bench import Measured, lower_is_better
from tests.performance.ingest import ROWS, START, SYMBOLS, candles
from tests.performance.server import database

BATCHES, PER_SYMBOL, ROUNDS = 10, 10_000, 3


def memory() -> Measured:
    """Ten batches of a million rows, each written twice: the most memory after all of them, and after the first three.

    What the allocators of polars and Arrow keep for themselves is complete by then.
    """
    with database() as url:
        done = subprocess.run(
            [sys.executable, "-m", "tests.performance.ingest_scale", url], check=True, capture_output=True, text=True
        )
    peaks = [float(line) for line in done.stdout.split()]
    note = f"most memory of the process, {BATCHES} batches written twice; peer: the first 3 alone"
    return lower_is_better("ingest_memory", [peaks[-1]], [peaks[2]], "MB", note)


def symbols() -> Measured:
    """The same history of 1, 10 and 100 symbols, new and once more: the time per row must not grow."""
    per_row: dict[int, list[float]] = {count: [] for count in (1, 10, 100)}
    with database() as url, Database(url) as pool:
        store = Store(pool, "bench", "0")
        for _ in range(ROUNDS):
            for count, times in per_row.items():
                with pool.transaction() as connection:
                    connection.execute("truncate market.candles")
                frame = candles(count * PER_SYMBOL, count)
                began = time.perf_counter()
                assert store.write("market.candles", frame) == frame.height
                assert store.write("market.candles", frame) == 0
                times.append((time.perf_counter() - began) / frame.height * 1e6)
    medians = ", ".join(f"{count}: {statistics.median(times):.1f}" for count, times in per_row.items())
    note = f"new and once more, by symbols {medians}; ours: 100 symbols, peer: ours with 10"
    return lower_is_better("ingest_symbols", per_row[100], per_row[10], "us per row", note)


def main() -> None:
    """Write the batches and print after each the most memory that this process ever had, in MB."""
    with Database(sys.argv[1]) as pool:
        store = Store(pool, "bench", "0")
        for number in range(BATCHES):
            frame = candles(first=START + timedelta(minutes=number * ROWS // SYMBOLS))
            assert store.write("market.candles", frame) == ROWS
            assert store.write("market.candles", frame) == 0
            del frame  # or the next batch would be made while this one is still there
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, flush=True)


if __name__ == "__main__":
    main()
