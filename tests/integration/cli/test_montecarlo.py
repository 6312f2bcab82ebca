"""`tradewind montecarlo`, as typed: what it prints, from a market and from a tear sheet, and what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.program import enter
from tests.integration.cli.test_json import assert_documented

QUICK = ("--steps", "300", "--symbols", "BTC/USDT,ETH/USDT", "--strategies", "trend", "--set", "trend.least_strength=0")
Typed = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Typed:
    """Enter a verb with a data folder of its own; return the exit code and what --json printed."""

    def enter_it(verb: str, *arguments: str) -> tuple[int, dict[str, Any]]:
        code = enter([verb, *arguments, "--data-dir", str(tmp_path), "--json"])
        return code, json.loads(capsys.readouterr().out.splitlines()[-1])

    return enter_it


def test_it_prints_what_is_documented(typed: Typed) -> None:
    code, told = typed("montecarlo", *QUICK)
    assert code == 0
    assert_documented("montecarlo", told)
    assert told["returns"] == 300
    assert told["round_trips"] > 5
    for way in ("by_bars", "by_round_trips"):
        for name, bands in told[way]["bands"].items():
            assert [*bands.values()] == sorted(bands.values()), name
        assert 0 <= told[way]["loss"] <= 1
    assert told["by_bars"]["bands"]["return"]["p5"] <= told["backtest"]["return"]
    assert told["backtest"]["return"] <= told["by_bars"]["bands"]["return"]["p95"]
    assert all(0 < p <= 1 for p in told["tests"].values())


def test_the_seed_decides_and_a_block_is_what_it_is_told(typed: Typed) -> None:
    _, first = typed("montecarlo", *QUICK, "--block", "12", "--paths", "200")
    _, again = typed("montecarlo", *QUICK, "--block", "12", "--paths", "200")
    assert {**again, "seconds": 0} == {**first, "seconds": 0}
    assert first["block"] == 12
    _, longer = typed("montecarlo", *QUICK, "--block", "48", "--paths", "200")
    assert longer["by_bars"] != first["by_bars"]
    assert longer["by_round_trips"] == first["by_round_trips"]


def test_a_tear_sheet_says_the_same_as_the_market(typed: Typed) -> None:
    _, tested = typed("backtest", *QUICK)
    _, market = typed("montecarlo", *QUICK)
    code, sheet = typed("montecarlo", "--from", tested["files"]["document"])
    assert code == 0
    assert sheet["from"] == tested["files"]["document"]
    for name in ("book", "returns", "round_trips", "by_round_trips", "tests"):
        assert sheet[name] == pytest.approx(market[name]) if name == "tests" else sheet[name] == market[name]
    assert sheet["backtest"] == pytest.approx(market["backtest"])


def test_without_a_trade_nothing_is_tested(typed: Typed) -> None:
    code, told = typed("montecarlo", *QUICK, "--set", "trend.entry=20")
    assert code == 0
    assert told["by_round_trips"] is None
    assert told["tests"] == {"mean_above_zero": None, "timing": None}
    assert told["by_bars"]["bands"]["sharpe"] is None
    assert told["by_bars"]["loss"] == 0


def test_a_thinned_tear_sheet_is_not_asked_when_it_was_in_the_market(typed: Typed) -> None:
    _, tested = typed("backtest", "--steps", "800", "--symbols", "BTC/USDT", "--strategies", "trend")
    _, told = typed("montecarlo", "--from", tested["files"]["document"])
    assert (told["bars_each"], told["tests"]["timing"]) == (2, None)


WRONG = [
    ("--drawdown 20", "--drawdown 20 is not between 0.001 and 0.999"),
    ("--paths 5", "5 is not in the range"),
    ("--block 0.5", "0.5 is not in the range"),
    ("--steps 10 --strategies trend", "10 returns are too few to draw from, 30 the least"),
    ("--from {none}", "cannot be read"),
    ("--from {words}", "is no document of a tear sheet"),
    ("--from {changed}", "its document_hash does not fit"),
    ("--from {words} --steps 50", "the options of a market and its strategies do not"),
    ("--strategies moonshot", "unknown strategy 'moonshot'"),
]


@pytest.mark.parametrize(("options", "named"), WRONG)
def test_bad_input_is_refused_by_name(
    options: str, named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    (tmp_path / "words.json").write_text('{"words": 1}')
    (tmp_path / "changed.json").write_text('{"book": "run", "document_hash": "0"}')
    files = {name: tmp_path / f"{name}.json" for name in ("none", "words", "changed")}
    assert enter(["montecarlo", *options.format(**files).split(), "--data-dir", str(tmp_path / "data")]) == 2
    assert named in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "data").exists()


def test_a_person_reads_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert enter(["montecarlo", *QUICK, "--data-dir", str(tmp_path)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    for words in ("bars drawn in blocks", "round trips drawn", "deepest drawdown", "95 %", "at random times"):
        assert words in said
