"""The verb that lists features and tries files: exit code 1 and the first wrong row for one that looks ahead."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.program import app
from tests.unit.adapters.test_indicator_files import GOOD, file
from trading.indicators.patterns import PATTERNS


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["indicators", *words], env={"COLUMNS": "400"})
    return done.exit_code, done.output


def test_all_families_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEWIND_INDICATORS", str(file(tmp_path, "mine.py", GOOD)))
    code, text = run("list", "--json")
    told = json.loads(text.splitlines()[-1])
    columns = {one["family"]: one["columns"] for one in told["families"]}
    assert code == 0
    assert list(columns) == ["technical", "classic", "patterns", "combinations", "custom"]
    assert columns["patterns"] == list(PATTERNS)
    assert columns["custom"] == ["upper_half_5"]
    assert told["about"]["upper_half_5"].startswith("Share of the last five")
    code, text = run("list")
    assert code == 0
    assert "upper_half_5" in text


def test_a_sound_file_passes(tmp_path: Path) -> None:
    code, text = run("check", str(file(tmp_path, "mine.py", GOOD)), "--cuts", "20")
    assert (code, "sound" in text) == (0, True)


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        (
            "mine.py",
            GOOD.replace("rolling_mean(5)", "rolling_mean(5, center=True)"),
            "upper_half_5 looks ahead: A/USD 2024",
        ),
        ("mine.py", GOOD.replace("warm_up=4", "warm_up=2"), "upper_half_5 has no value for A/USD 2024-01-01 07:00"),
        ("mine.toml", 'mine = "close / MAX(close)"', "mine looks ahead: A/USD 2024"),
    ],
)
def test_a_wrong_file_fails_with_its_first_row(tmp_path: Path, name: str, text: str, complaint: str) -> None:
    path = str(file(tmp_path, name, text))
    code, said = run("check", path, "--cuts", "20")
    assert code == 1
    assert complaint in said
    code, said = run("check", path, "--cuts", "20", "--json")
    told = json.loads(said.splitlines()[-1])
    assert (code, told["sound"]) == (1, False)
    assert complaint in told["found"][0]


def test_what_is_no_file_of_indicators_is_wrong_input(tmp_path: Path) -> None:
    assert run("check", str(tmp_path / "nothing.py"))[0] == 2
    assert run("check", str(file(tmp_path, "mine.toml", "rsi_14 = 'close'")))[0] == 2


def test_the_json_is_what_the_page_says(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "json.md").read_text()
    for verb, words in (("list", []), ("check", [str(file(tmp_path, "mine.py", GOOD)), "--cuts", "2"])):
        (section,) = re.findall(rf"^## indicators {verb}\n(.*?)(?=^## )", page, re.DOTALL | re.MULTILINE)
        told = json.loads(run(verb, *words, "--json")[1].splitlines()[-1])
        fields = {f"families[].{name}" for one in told.pop("families", []) for name in one}
        about = {"about.{name}"} if told.pop("about") else set()
        assert set(re.findall(r"^\| `(.+?)` \|", section, re.MULTILINE)) == {*told, *fields, *about}
