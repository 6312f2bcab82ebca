"""What features and a fit cost with ten times the rows: time per row and memory, each scale in its own process."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tests.performance.bench import Measured, lower_is_better
from tests.performance.feature_bars import panel
from tests.performance.train_lightgbm import fit, training_frame
from trading.indicators.technical import technical_features
from trading.timeframe import Timeframe

HOUR = Timeframe.parse("1h")
SCALES = {"features": (100_000, 1_000_000), "training": (20_000, 200_000)}
ROUNDS = 3


def _scale(work: str, bench: str) -> Measured:
    """The time per row of `work` with ten times the rows against that with one; the note has the memory of both."""
    few, many = (_measured(work, rows) for rows in SCALES[work])
    memory = ", ".join(
        f"{rows:,}: {told['megabytes']:.0f} MB" for rows, told in zip(SCALES[work], (few, many), strict=True)
    )
    note = f"memory of the work beside its rows, by rows {memory}; ours: the most rows, peer: a tenth"
    return lower_is_better(bench, many["us_per_row"], few["us_per_row"], "us per row", note)


features, training = (partial(_scale, work, f"{work}_scale") for work in SCALES)


def _measured(work: str, rows: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.performance.feature_scale", work, str(rows)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def _work(name: str, rows: int) -> Callable[[], object]:
    if name == "training":
        frame = training_frame(rows)
        return lambda: fit(frame)
    bars = panel(rows)
    return lambda: technical_features(bars, HOUR)


def _memory(which: str) -> float:
    """Return what the kernel says of this process under VmRSS (now) or VmHWM (the most), in MB."""
    found = re.search(rf"{which}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def main() -> None:
    """Do the work some rounds: `features|training rows`; print the time of each and the most memory on top."""
    work, rows = _work(sys.argv[1], int(sys.argv[2])), int(sys.argv[2])
    # The kernel is told to forget the most memory so far, which making the rows may have needed.
    Path("/proc/self/clear_refs").write_text("5")
    before, times = _memory("VmRSS"), list[float]()
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) / rows * 1e6)
    print(json.dumps({"us_per_row": times, "megabytes": _memory("VmHWM") - before}))


if __name__ == "__main__":
    main()
