"""The event-driven engine on a crossover of two moving averages: against backtesting.py, backtrader, NautilusTrader.

Every side is a process of its own that reads the same file; best of alternating rounds, for other processes only add.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tests.performance.bench import Measured
from tests.performance.crossover import HOUR, TICK, VOLATILITY
from tests.performance.peers import python_of

BARS, TURNS, ROUNDS = 100_000, 3, 2
#: The mean of so many bars, fast and slow: of the classic pair, and of one that trades six times as often.
CLASSIC, HASTY = (50, 200), (10, 30)
SCALES = (10_000, 100_000, 1_000_000)
_OURS = (sys.executable, "-m", "tests.performance.crossover")


def against(peer: str) -> Measured:
    """Our engine and `peer` in turns, over the classic pair; the note has the hasty one."""
    python = python_of(peer)
    command = (str(python), str(Path(__file__).with_name(f"peer_{peer}.py")))
    ours, theirs = _turns(CLASSIC, TURNS, [_OURS, command])
    hasty, hurried = _turns(HASTY, 1, [_OURS, command])
    note = (
        f"averages of {CLASSIC[0]} and {CLASSIC[1]}; fills {ours['fills']}, theirs {theirs['fills']}; "
        f"worth {ours['worth']:.4g}, theirs {theirs['worth']:.4g}; "
        f"rounds spread {_spread(ours):.0%}, theirs {_spread(theirs):.0%}; "
        f"with our curve of Decimals {min(theirs['seconds']) / min(ours['curves']):.2f}; "
        f"of {HASTY[0]} and {HASTY[1]} {_ratio(hasty, hurried):.2f}, fills {hasty['fills']}, theirs {hurried['fills']}"
    )
    rates = [BARS / min(one["seconds"]) for one in (ours, theirs)]
    return Measured(
        f"engine_{peer}", round(rates[0]), round(rates[1]), round(_ratio(ours, theirs), 3), "bars per s", note
    )


def scale() -> Measured:
    """Ten and a hundred times the bars: the rate must stay, memory may grow by the bars; full decides about each."""
    found = {count: _once(count, _OURS) for count in SCALES}
    full = _once(BARS, _OURS, "full")
    rates = {count: count / min(one["seconds"]) for count, one in found.items()}
    told = ", ".join(f"{count}: {rates[count]:.0f} in {one['megabytes']:.0f} MB" for count, one in found.items())
    ours, peer = rates[SCALES[-1]], rates[SCALES[-2]]
    note = (
        f"by bars {told}; skipping nothing {BARS / min(full['seconds']):.0f}; ours: the most, peer: ours with a tenth"
    )
    return Measured("engine_scale", round(ours), round(peer), round(ours / peer, 3), "bars per s", note)


backtesting, backtrader, nautilus = (partial(against, peer) for peer in ("backtesting", "backtrader", "nautilus"))


def _turns(windows: tuple[int, int], turns: int, commands: Sequence[tuple[str, ...]]) -> list[dict[str, Any]]:
    """Run each of `commands` in turns and return what each told, its seconds of all turns together."""
    told: list[list[dict[str, Any]]] = [[] for _ in commands]
    with tempfile.TemporaryDirectory() as folder:
        path = market(Path(folder), BARS, windows)
        for _ in range(turns):
            for found, command in zip(told, commands, strict=True):
                found.append(_run(*command, str(path), str(ROUNDS)))
    times = ("seconds", "curves")
    return [
        found[0] | {name: [each for one in found for each in one[name]] for name in times if name in found[0]}
        for found in told
    ]


def _once(count: int, command: tuple[str, ...], *more: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        rounds = 3 if count <= BARS else 1
        return _run(*command, str(market(Path(folder), count, CLASSIC)), str(rounds), *more)


def _run(*command: str) -> dict[str, Any]:
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _ratio(ours: dict[str, Any], theirs: dict[str, Any]) -> float:
    return min(theirs["seconds"]) / min(ours["seconds"])


def _spread(told: dict[str, Any]) -> float:
    """By how much the slowest round was slower than the fastest."""
    return max(told["seconds"]) / min(told["seconds"]) - 1


def market(folder: Path, count: int, windows: tuple[int, int]) -> Path:
    """Write so many hourly bars of a fat-tailed random walk with seed 7, and what all trade by; return the file."""
    chance = np.random.default_rng(7)
    # It is drawn back to where it began, so that a million bars stay within what a price can be.
    steps = chance.standard_t(4, count) * VOLATILITY / np.sqrt(2)
    level = np.zeros(count)
    for place in range(1, count):
        level[place] = 0.9999 * level[place - 1] + steps[place]
    close = 100 * np.exp(level)
    opened = np.concatenate([close[:1], close[:-1]])
    reach = np.abs(chance.normal(0, VOLATILITY / 2, (2, count)))
    high, low = np.maximum(opened, close) * (1 + reach[0]), np.minimum(opened, close) * (1 - reach[1])
    names, tick = ("open", "high", "low", "close"), float(TICK)
    prices = {name: np.rint(row / tick) * tick for name, row in zip(names, (opened, high, low, close), strict=True)}
    times = 1_577_836_800_000 + HOUR.milliseconds * np.arange(count)
    terms = {"fast": windows[0], "slow": windows[1], "fee": 0.001, "share": 0.95, "capital": 1e8}
    path = folder / "bars.npz"
    columns = {"ts": times, "volume": np.full(count, 1e7), **prices}
    np.savez(path, allow_pickle=False, **columns, **{name: np.array(one) for name, one in terms.items()})
    return path
