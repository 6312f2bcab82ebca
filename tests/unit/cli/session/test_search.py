"""The search and its journal: what is tried, kept, tried again after a kill, and never twice."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cli.session.search import SAMPLERS, Sampler, Search, Trial, control, counted, journal, search
from trading.backtest.score import Score
from trading.backtest.space import Value, space
from trading.errors import Misconfigured

SPACE = space("trend", ["trend.entry=0:2", "trend.gap=ema_gap_12,ema_gap_48", "trend.exit=-1:1:0.5"], {})
SMALL = space("trend", ["trend.entry=1:2:0.5", "trend.gap=ema_gap_12,ema_gap_48"], {})


class Judge:
    """Scores best at entry 1.4 with the longer mean; an exit above the entry cannot be."""

    def __init__(self, stop_after: int = 10**9) -> None:
        self.seen: list[dict[str, Value]] = []
        self.stop_after = stop_after

    def __call__(self, values: Mapping[str, Value]) -> Score | None:
        if len(self.seen) == self.stop_after:
            raise KeyboardInterrupt
        self.seen.append(dict(values))
        entry, leave = float(values["entry"]), float(values.get("exit", -1))
        if leave >= entry:
            return None
        value = -abs(entry - 1.4) - (values["gap"] == "ema_gap_12")
        return Score(None if value < -1.5 else value, 100, 3, 0.0, 0.0, value, 0.0, 0.0)


def silent(_: int) -> None:
    """Hear nothing."""


def run(folder: Path, judge: Judge, trials: int = 25, sampler: Sampler = "tpe", **changes: Any) -> list[Trial]:
    task = Search(changes.get("space", SPACE), sampler, changes.get("seed", 7), trials, judge)
    with journal(folder) as storage:
        return search(storage, changes.get("name", "study/fold-1"), task, silent)


def plain(tried: list[Trial]) -> list[tuple[dict[str, Value], Score | None]]:
    return [(dict(one.parameters), one.score) for one in tried]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_stop_changes_nothing_and_loses_at_most_the_running_trial(sampler: Sampler, tmp_path: Path) -> None:
    whole = Judge()
    expected = plain(run(tmp_path / "whole", whole, sampler=sampler))
    seen = []
    for stop_after in (3, 1, 8):
        judge = Judge(stop_after)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "parts", judge, sampler=sampler)
        seen += judge.seen
    judge = Judge()
    assert plain(run(tmp_path / "parts", judge, sampler=sampler)) == expected
    assert seen + judge.seen == whole.seen
    assert plain(run(tmp_path / "parts", Judge(0), sampler=sampler)) == expected


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_so_many_are_scored_and_none_twice(sampler: Sampler, tmp_path: Path) -> None:
    judge = Judge()
    tried = run(tmp_path, judge, trials=20, sampler=sampler)
    assert sum(one.score is not None for one in tried) == 20
    keys = [json.dumps(values, sort_keys=True) for values in judge.seen]
    assert len(set(keys)) == len(keys) == len(tried)
    assert all(one.at(0) <= values[one.name] <= one.at(one.count - 1) for values in judge.seen for one in SPACE[::2])


def test_a_longer_run_of_the_same_study_goes_on(tmp_path: Path) -> None:
    first, more = Judge(), Judge()
    run(tmp_path, first, trials=10)
    tried = run(tmp_path, more, trials=25)
    assert plain(tried) == plain(run(tmp_path / "once", Judge(), trials=25))
    assert sum(one.score is not None for one in tried) == 25
    assert not [values for values in more.seen if values in first.seen]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_small_space_ends_when_all_of_it_was_tried(sampler: Sampler, tmp_path: Path) -> None:
    judge = Judge()
    tried = run(tmp_path, judge, trials=10, sampler=sampler, space=SMALL)
    assert len(tried) == len(judge.seen) == 6
    assert (tmp_path / "trials.journal").read_text().count('"found"') < 100, "it asks on and on for what it knows"
    assert {(values["entry"], values["gap"]) for values in judge.seen} == {
        (entry, gap) for entry in (1.0, 1.5, 2.0) for gap in ("ema_gap_12", "ema_gap_48")
    }


def test_tpe_looks_where_it_is_good(tmp_path: Path) -> None:
    judge = Judge()
    run(tmp_path, judge, trials=60)
    late = [values for values in judge.seen[-20:] if values["gap"] == "ema_gap_48"]
    assert len(late) >= 14
    assert sum(abs(float(values["entry"]) - 1.4) < 0.3 for values in late) >= 10


def test_seeds_and_studies_try_other_values(tmp_path: Path) -> None:
    orders = [
        [one.parameters for one in run(tmp_path / str(place), Judge(), sampler=sampler, **told)]
        for place, (sampler, told) in enumerate(
            [("tpe", {}), ("tpe", {"seed": 8}), ("tpe", {"name": "study/fold-2"}), ("grid", {}), ("grid", {"seed": 8})]
        )
    ]
    assert all(one != other for place, one in enumerate(orders) for other in orders[:place])


def test_all_studies_count_but_those_on_shuffled_markets(tmp_path: Path) -> None:
    run(tmp_path, Judge(), trials=5)
    run(tmp_path, Judge(), trials=7, name="other/fold-1")
    run(tmp_path, Judge(), trials=9, name=control("study", 1, 1) + "/fold-1")
    with journal(tmp_path) as storage:
        assert counted(storage) == 12


def test_a_line_that_a_kill_left_unfinished_is_dropped(tmp_path: Path) -> None:
    expected = plain(run(tmp_path / "whole", Judge()))
    run(tmp_path, Judge(), trials=10)
    file = tmp_path / "trials.journal"
    content = file.read_bytes()
    os.truncate(file, len(content) - 20)
    assert plain(run(tmp_path, Judge())) == expected


def test_garbage_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "trials.journal").write_text("not a journal\nat all\n")
    with pytest.raises(Misconfigured, match=r"trials.journal cannot be read .*; move it away"):
        run(tmp_path, Judge())


def test_a_grid_of_too_many_points_is_refused(tmp_path: Path) -> None:
    fine = space("trend", ["trend.entry=0:2:0.001", "trend.exit=-1:1:0.001"], {})
    with pytest.raises(Misconfigured, match="more than 100,000 points"):
        run(tmp_path, Judge(), sampler="grid", space=fine)


def test_nobody_else_writes_meanwhile(tmp_path: Path) -> None:
    code = "import pathlib, sys; from cli.session.search import journal\nwith journal(pathlib.Path(sys.argv[1])): pass"
    with journal(tmp_path):
        done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert f"another tradewind (pid {os.getpid()}) uses" in done.stderr
