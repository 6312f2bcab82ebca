"""`tradewind sentiment report`, as typed: what it prints, and what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cli.program import enter
from tests.integration.cli.test_json import DOCUMENT
from tests.unit.models.sentiment.made_headlines import headlines

Typed = Callable[..., tuple[int, dict[str, Any]]]
HAND = Path(__file__).parents[2] / "unit" / "models" / "sentiment" / "hand_labelled.csv"


@pytest.fixture
def typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Typed:
    def enter_it(*arguments: object) -> tuple[int, dict[str, Any]]:
        code = enter(["sentiment", "report", *map(str, arguments), "--data-dir", str(tmp_path), "--json"])
        return code, json.loads(capsys.readouterr().out.splitlines()[-1])

    return enter_it


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    path = tmp_path / "labelled.csv"
    rows = headlines(600, hours=4).rename({"text": "headline", "label": "sentiment"})
    rows.with_columns(pl.col("ts").dt.strftime("%Y-%m-%d %H:%M:%S")).write_csv(path)
    return path


def test_later_months_and_parts_labelled_by_hand_are_scored(typed: Typed, labelled: Path) -> None:
    code, told = typed("--headlines", labelled, "--hand", HAND, "--months", 2)
    assert code == 0
    assert set(told["by_hand"]) == {"hand_labelled.csv dev", "hand_labelled.csv held_out"}
    contenders = {"most_frequent", "bare_vader", "vader_lexicon", "tfidf"}
    for scores in (told["later_months"], *told["by_hand"].values()):
        assert set(scores) == contenders
        for one in scores.values():
            assert one["accuracy_low"] <= one["accuracy"] <= one["accuracy_high"]
    assert told["trained_to"] < told["scored_from"]
    assert told["later_months"]["tfidf"]["accuracy"] > 0.9
    assert "agreement with that tool" in told["note"]
    section = DOCUMENT.read_text().split("## sentiment report\n")[1].split("\n## ")[0]
    assert [name for name in told if f"`{name}" not in section] == []
    assert typed("--headlines", labelled, "--hand", HAND, "--months", 2)[1] == told


def test_people_read_a_table(tmp_path: Path, labelled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        enter(["sentiment", "report", "--headlines", str(labelled), "--months", "2", "--data-dir", str(tmp_path)]) == 0
    )
    shown = capsys.readouterr().out
    assert "TF-IDF classifier" in shown
    assert max(map(len, shown.splitlines())) <= 120


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        (None, 2, "there is no such file"),
        ("title\nx\n", 1, "no column label or sent_class or sentiment; there are title"),
        ("title,label\nx,good\n", 1, "column label holds good; known are negative, neutral, positive"),
        ("title,label\nx,neutral\n", 1, "0 complete labelled texts of 1; 300 are needed"),
        ("ts,title,label\nyesterday,x,neutral\n", 1, "bad.csv: "),
        ("", 1, "bad.csv: "),
        ("title,label\n", 1, "0 complete labelled texts of 0"),
    ],
)
def test_bad_files_are_named(typed: Typed, tmp_path: Path, text: str | None, code: int, message: str) -> None:
    path = tmp_path / "bad.csv"
    if text is not None:
        path.write_text(text)
    found, told = typed("--headlines", path)
    assert found == code
    assert message in told["message"]


def test_other_forms_are_refused(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("title,label\n")
    code, told = typed("--headlines", tmp_path / "x.txt")
    assert (code, "read from .parquet and .csv" in told["message"]) == (2, True)
    (tmp_path / "x.parquet").write_bytes(b"PAR1 torn")
    code, told = typed("--headlines", tmp_path / "x.parquet")
    assert (code, "x.parquet: " in told["message"]) == (1, True)
