"""`tradewind backtest`, as typed: what it prints and writes, what it refuses, and a leak that it finds."""

import csv
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cli.program import enter
from tests.integration.cli.test_json import assert_documented
from trading.indicators import technical

#: Rules only: no model is trained.
QUICK = ("--steps", "60", "--symbols", "BTC/USDT,ETH/USDT", "--strategies", "trend,mean_reversion")
Typed = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Typed:
    """Enter the verb with a data folder of its own; return the exit code and what --json printed."""

    def enter_it(*arguments: str) -> tuple[int, dict[str, Any]]:
        code = enter(["backtest", *arguments, "--data-dir", str(tmp_path), "--json"])
        return code, json.loads(capsys.readouterr().out.splitlines()[-1])

    return enter_it


def test_it_prints_what_is_documented_and_writes_files_that_agree(typed: Typed) -> None:
    code, told = typed(*QUICK, "--check-lookahead", "2")
    assert code == 0
    assert_documented("backtest", told)
    assert [one["differences"] for one in told["lookahead"]] == [[], []]
    document = json.loads(Path(told["files"]["document"]).read_text())
    assert document["headline"] == told["headline"]
    assert document["document_hash"] == told["document_hash"]
    with Path(told["files"]["fills"]).open() as file:
        fills = list(csv.DictReader(file))
    assert len(fills) == told["headline"]["fills"] > 0
    assert sum(Decimal(one["pnl"]) for one in told["strategies"]) == Decimal(told["headline"]["pnl"])
    page = Path(told["files"]["tear_sheet"]).read_text()
    assert told["book"] in page
    assert "http" not in page.replace("http://www.w3.org", "")


def test_the_same_command_gives_the_same_bytes(typed: Typed) -> None:
    _, first = typed(*QUICK)
    written = {name: Path(path).read_bytes() for name, path in first["files"].items()}
    _, second = typed(*QUICK)
    assert {name: Path(path).read_bytes() for name, path in second["files"].items()} == written
    assert second["document_hash"] == first["document_hash"]


def test_costs_parameters_and_capital_change_the_result_and_the_name(typed: Typed, tmp_path: Path) -> None:
    _, plain = typed(*QUICK)
    _, dear = typed(*QUICK, "--fee", "0.01", "--half-spread", "20", "--capital", "5000")
    assert Decimal(dear["headline"]["capital"]) == 5000
    share = [Decimal(one["headline"]["fees"]) / Decimal(one["headline"]["traded"]) for one in (plain, dear)]
    assert [round(one, 4) for one in share] == [Decimal("0.001"), Decimal("0.01")]
    assert plain["files"]["document"] != dear["files"]["document"]
    _, changed = typed(*QUICK, "--set", "trend.entry=0.2", "--set", 'mean_reversion.regimes=["calm"]')
    assert changed["book"] != plain["book"]
    _, elsewhere = typed(*QUICK, "--export", str(tmp_path / "mine"))
    assert Path(elsewhere["files"]["trades"]).parent == tmp_path / "mine"


def test_a_planted_leak_is_reported(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = technical.technical_features

    def leaking(panel: pl.DataFrame, *more: Any) -> pl.DataFrame:
        """Each bar shows the gap of the next one, the smallest leak there is."""
        return honest(panel, *more).with_columns(pl.col("ema_gap_48").shift(-1).over("symbol"))

    monkeypatch.setattr(technical, "technical_features", leaking)
    code, told = typed(*QUICK, "--check-lookahead", "3")
    assert code == 1
    found = [each for one in told["lookahead"] for each in one["differences"]]
    assert {each["kind"] for each in found} >= {"decision"}


WRONG = [
    ("--strategies moonshot", "unknown strategy 'moonshot'; known are combine"),
    ("--strategies ,", "--strategies ',' names none"),
    ("--set trend", "--set 'trend' is not of the form strategy.parameter=value"),
    ("--set trend.entry=1", "trend is not among the strategies follow_forecast, mean_reversion"),
    ("--set mean_reversion.exposure=50", "exposure: Input should be less than or equal to 1, not 50"),
    ("--set mean_reversion.exposur=0.5", "exposur: not a parameter; known are z_score"),
    ("--capital 0", "--capital 0 is not between 1 and"),
    ("--capital much", "--capital: not a number"),
    ("--fee 0.5", "--fee 0.5 is not between 0 and 0.1"),
    ("--half-spread -1", "--half-spread -1 is not between"),
    ("--history 10", "'--history': 10 is not in the range"),
    ("--steps 3000", "choose fewer --steps"),
    ("--timerange 20240101-", "--timerange and --venue belong to --candles"),
]


@pytest.mark.parametrize(("options", "named"), WRONG)
def test_bad_input_is_refused_by_name_before_anything_runs(
    options: str, named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    assert enter(["backtest", *options.split(), "--data-dir", str(tmp_path)]) == 2
    assert named in " ".join(capsys.readouterr().err.split())
    assert not list(tmp_path.iterdir())


def test_a_person_reads_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert enter(["backtest", *QUICK, "--check-lookahead", "1", "--data-dir", str(tmp_path)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    for words in ("equity at end", "deepest drawdown", "trend", "BTC/USDT", "look-ahead check", "tear sheet"):
        assert words in said
