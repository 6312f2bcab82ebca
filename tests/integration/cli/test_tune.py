"""`tradewind tune`, as typed: what it finds and does not, how it goes on after a kill, what it refuses."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cli.program import enter
from cli.session import tuning
from tests.integration.cli.test_json import assert_documented

Told = dict[str, Any]
Typed = Callable[..., tuple[int, Told]]

#: A tiny random market: three parts of 40 bars.
TINY = ("--strategy", "trend", "--symbols", "BTC/USDT", "--steps", "120", "--folds", "2")
QUICK = (*TINY, "--trials", "6", "--control", "0")
FREE = ("--fee", "0", "--half-spread", "0")
#: What trials depend on and say; the rest is where they lie and how long it took.
FINDINGS = ("space", "folds", "out_of_sample", "best", "trials", "controls", "set")


def type_it(folder: Path, *arguments: str) -> list[str]:
    return ["tune", *arguments, "--data-dir", str(folder), "--json"]


@pytest.fixture
def typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Typed:
    """Enter the verb with a data folder of its own, or another one; return the exit code and what --json printed."""

    def enter_it(*arguments: str, folder: Path = tmp_path) -> tuple[int, Told]:
        code = enter(type_it(folder, *arguments))
        return code, json.loads(capsys.readouterr().out.splitlines()[-1])

    return enter_it


def findings(told: Told) -> Told:
    return {name: told[name] for name in FINDINGS}


def market(folder: Path, seed: int, pull: float) -> Path:
    """Hourly candles that drift up and down by `pull` a bar, 40 bars each; the last 600 end where they began."""
    chance = np.random.default_rng(seed)
    made = chance.normal(0, 0.006, 1_900) + pull * (1 - 2 * (np.arange(1_900) // 40 % 2))
    made[-600:] -= made[-600:].mean()
    close = 100 * np.exp(np.cumsum(made))
    rows = [
        f"{1_700_002_800 + 3600 * n},{a:.4f},{max(a, b) * 1.001:.4f},{min(a, b) * 0.999:.4f},{b:.4f},5000"
        for n, (a, b) in enumerate(pairwise([100.0, *close]))
    ]
    file = folder / f"made{seed}_BTC-USDT_1h.csv"
    file.write_text("\n".join(["ts,open,high,low,close,volume", *rows]) + "\n")
    return file


def test_it_prints_what_is_documented_and_keeps_every_trial(typed: Typed) -> None:
    code, told = typed(*TINY, "--trials", "6")
    assert code == 0
    assert_documented("tune", told)
    assert len(told["folds"]) == 2
    for one, after in pairwise(told["folds"]):
        assert one["chosen_from"]["closes"] == one["judged_on"]["opens"]
        assert one["judged_on"]["closes"] == after["judged_on"]["opens"]
    assert told["out_of_sample"]["tuned"]["bars"] == told["out_of_sample"]["held"]["bars"] == 80
    assert told["trials"]["counted"] == told["trials"]["scored"] == 12
    assert (Path(told["folder"]) / "trials.journal").stat().st_size > 0
    assert 0 <= told["best"]["deflated_sharpe"] <= told["best"]["probabilistic_sharpe"] <= 1


def test_the_same_command_gives_the_same_and_tries_nothing_again(typed: Typed, tmp_path: Path) -> None:
    _, first = typed(*QUICK)
    file = Path(first["folder"]) / "trials.journal"
    written = file.read_bytes()
    _, again = typed(*QUICK)
    assert findings(again) == findings(first)
    assert file.read_bytes() == written
    _, elsewhere = typed(*QUICK, folder=tmp_path / "elsewhere")
    assert findings(elsewhere) == findings(first)
    _, other = typed(*QUICK, "--seed", "8")
    assert other["study"] != first["study"]
    assert [one["parameters"] for one in other["folds"]] != [one["parameters"] for one in first["folds"]]


def test_all_trials_on_a_market_count(typed: Typed) -> None:
    _, first = typed(*QUICK)
    _, other = typed(*QUICK, "--objective", "return", "--sampler", "random")
    assert first["folder"] == other["folder"]
    assert (first["trials"]["counted"], other["trials"]["counted"]) == (12, 24)
    _, again = typed(*QUICK)
    assert again["trials"] == {**first["trials"], "counted": 24}
    assert again["best"]["sharpe"] == first["best"]["sharpe"]
    assert again["best"]["deflated_sharpe"] < first["best"]["deflated_sharpe"]


def test_after_a_kill_it_goes_on_as_if_there_was_none(typed: Typed, tmp_path: Path) -> None:
    command = (*TINY, "--trials", "40", "--control", "0")
    arguments = [sys.executable, "-m", "cli.main", *type_it(tmp_path / "killed", *command)]
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    # It compiles first.
    deadline = time.monotonic() + 300
    while done(tmp_path / "killed") < 5 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = done(tmp_path / "killed")
    assert 5 <= before < 80
    _, told = typed(*command, folder=tmp_path / "killed")
    _, whole = typed(*command, folder=tmp_path / "whole")
    assert findings(told) == findings(whole)
    # A trial whose finding was written, but not its end, is run once more.
    assert done(tmp_path / "killed") - done(tmp_path / "whole") in (0, 1)


def done(folder: Path) -> int:
    """Return how many trials of a data folder are finished: their findings are in the journal."""
    return sum(file.read_text().count('"found"') for file in folder.glob("studies/*/trials.journal"))


def test_kernel_and_engine_choose_the_same(typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = (*QUICK, "--symbols", "BTC/USDT,ETH/USDT,SOL/USDT", "--control", "1")
    _, swift = typed(*command)
    monkeypatch.setattr(tuning, "by_kernel", lambda _: False)
    _, exact = typed(*command, folder=tmp_path / "engine")
    assert (swift["trials"]["by_kernel"], swift["trials"]["by_engine"]) == (12, 0)
    assert (exact["trials"]["by_kernel"], exact["trials"]["by_engine"]) == (0, 12)
    assert swift["study"] == exact["study"]
    assert any(one["parameters"] for one in exact["folds"])
    for one, other in zip(swift["folds"], exact["folds"], strict=True):
        assert one["parameters"] == other["parameters"]
        assert one["in_sample"] == pytest.approx(other["in_sample"], rel=1e-9)
        assert one["deflated_sharpe"] == pytest.approx(other["deflated_sharpe"], rel=1e-6)
    assert swift["out_of_sample"] == exact["out_of_sample"]
    assert swift["controls"][0]["out_of_sample"] == exact["controls"][0]["out_of_sample"]


def test_a_choice_that_is_worth_less_to_the_engine_is_an_error_that_names_it(
    typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    honest = tuning.of_row

    def rosy(*arguments: Any) -> Any:
        found = honest(*arguments)
        return found and replace(found, earned=found.earned + 1e-8)

    monkeypatch.setattr(tuning, "of_row", rosy)
    monkeypatch.setenv("COLUMNS", "1000")
    assert enter(type_it(tmp_path, *QUICK)) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "kernel and engine differ in earned" in said
    assert '"entry":' in said


def test_what_the_kernel_does_not_know_the_engine_scores(typed: Typed) -> None:
    command = ("--strategy", "dollar_cost_average", *QUICK[2:], "--trials", "2")
    _, told = typed(*command)
    assert (told["trials"]["by_kernel"], told["trials"]["by_engine"]) == (0, 4)


def test_a_planted_edge_is_found(typed: Typed, tmp_path: Path) -> None:
    file = market(tmp_path, 3, 0.006)
    code, told = typed(
        *("--candles", str(file), "--strategy", "trend", "--steps", "600", "--folds", "2", "--trials", "8"),
        *("--param", "trend.entry=0:2", "--param", "trend.gap=ema_gap_12,ema_gap_48", "--set", "trend.exit=-0.5"),
        *("--set", "trend.least_strength=0", "--set", "trend.stop_multiple=0", "--control", "4"),
    )
    assert code == 0
    assert told["best"]["deflated_sharpe"] > 0.95
    assert told["out_of_sample"]["tuned"]["probabilistic_sharpe"] > 0.95
    assert told["chance"] == 0.2
    assert sum(one["deflated_sharpe"] < 0.95 for one in told["controls"]) >= 3
    assert set(told["folds"][0]["parameters"]) == {"entry", "gap"}


def test_what_is_judged_on_is_never_seen(typed: Typed, tmp_path: Path) -> None:
    file = market(tmp_path, 3, 0.006)
    grid = ("--param", "trend.entry=0:2:0.5", "--param", "trend.gap=ema_gap_12,ema_gap_48", "--sampler", "grid")
    command = ("--candles", str(file), "--strategy", "trend", "--steps", "600", "--folds", "1", "--control", "0", *grid)
    _, first = typed(*command)
    head, *rows = file.read_text().splitlines()
    for place in range(1_600, 1_900):
        ts, *prices, volume = rows[place].split(",")
        rows[place] = ",".join([ts, *(f"{float(price) * (1 + (place - 1_599) / 300):.4f}" for price in prices), volume])
    file.write_text("\n".join([head, *rows]) + "\n")
    _, other = typed(*command)
    (one,), (two,) = first["folds"], other["folds"]
    assert first["study"] != other["study"]
    for name in ("chosen_from", "judged_on", "trials", "parameters", "in_sample"):
        assert one[name] == two[name]
    assert one["out_of_sample"] != two["out_of_sample"]


def test_where_there_is_nothing_the_best_trial_is_seen_through(typed: Typed, tmp_path: Path) -> None:
    found = []
    for seed in range(5):
        file = market(tmp_path, seed, 0.0)
        _, told = typed(
            *("--candles", str(file), "--strategy", "trend", "--steps", "600", "--folds", "1", "--trials", "12"),
            *("--param", "trend.entry=0:2", "--param", "trend.exit=-2:0", "--sampler", "random", "--control", "0"),
            *("--set", "trend.least_strength=0", *FREE),
        )
        found.append(told["best"]["deflated_sharpe"])
    assert sum(each < 0.95 for each in found) >= 4, found


def test_parameters_that_nothing_trades_with_leave_the_money_alone(typed: Typed) -> None:
    _, told = typed(*QUICK, "--param", "trend.entry=19:20", "--sampler", "grid", "--objective", "return")
    assert [one["parameters"] for one in told["folds"]] == [None, None]
    assert told["best"] is None
    assert told["set"] == []
    assert told["out_of_sample"]["tuned"]["return"] == 0
    assert told["trials"]["untold"] == told["trials"]["scored"] == 10


WRONG = [
    ("--strategy moonshot", "unknown strategy 'moonshot'"),
    ("--strategy trend,mean_reversion", "one strategy is tuned at a time"),
    ("", "Missing option '--strategy'"),
    ("--strategy trend --param trend.entri=0:1", "entri is not a parameter; known are gap"),
    ("--strategy trend --param trend.max_exposure=10:50", "less than or equal to 1, not 10.0"),
    ("--strategy trend --param trend.entry=0:1 --set trend.entry=1", "both searched (--param) and fixed (--set)"),
    ("--strategy trend --steps 100", "--folds 3: 100 traded bars are too few for 4 parts of at least 30"),
    ("--strategy trend --sampler best", "'best' is not one of 'tpe', 'random', 'grid'"),
    ("--strategy trend --objective luck", "'luck' is not one of 'sharpe'"),
    ("--strategy trend --trials 0", "0 is not in the range"),
    ("--strategy trend --fee 5", "--fee 5 is not between 0 and 0.1"),
]


@pytest.mark.parametrize(("options", "named"), WRONG)
def test_bad_input_is_refused_by_name_before_anything_runs(
    options: str, named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    assert enter(["tune", *options.split(), "--data-dir", str(tmp_path)]) == 2
    assert named in " ".join(capsys.readouterr().err.split())
    assert not list(tmp_path.iterdir())


def test_a_person_reads_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert enter(["tune", *TINY, "--trials", "3", "--data-dir", str(tmp_path)]) == 0
    told = capsys.readouterr()
    said = " ".join(told.out.split())
    assert "scored by the kernel 6, the engine 0" in said
    for words in ("in sample", "out of sample", "fold 2", "as it was", "deflated", "shuffled market 1", "--set trend."):
        assert words in said
    assert "seed 7" in told.err
