"""`tradewind data coverage`: findings by name, JSON, and exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.program import enter

ROWS = [(1_709_251_200 + 3600 * n, 10, 12, 9, 11, 5) for n in range(30)]
HEADER = "ts,open,high,low,close,volume"


def table(folder: Path, name: str, rows: list[Any]) -> Path:
    path = folder / name
    path.write_text("\n".join([HEADER, *(",".join(map(str, row)) for row in rows)]))
    return path


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_a_file_is_told_in_numbers_and_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = table(tmp_path, "kraken_BTC-USD_1h.csv", [*ROWS[:10], *ROWS[13:]])
    assert enter(["data", "coverage", str(path), "--json"]) == 0
    (one,) = told(capsys)["series"]
    assert (one["venue"], one["symbol"], one["timeframe"], one["kind"]) == ("kraken", "BTC/USD", "1h", "candles")
    assert (one["rows"], one["expected"], one["missing"], one["gaps"], one["longest_gap"]) == (27, 30, 3, 1, 3)
    gap = next(finding for finding in one["findings"] if finding["name"] == "gap")
    assert (gap["count"], gap["first"]) == (3, "2024-03-01 10:00:00+00:00")
    assert enter(["data", "coverage", str(path)]) == 0
    said = capsys.readouterr().out
    assert "kraken BTC/USD 1h candles (csv): 27 rows of 30 expected" in said
    assert "1 gaps, the longest of 3 bars" in said


def test_strict_fails_on_what_blocks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = table(tmp_path, "kraken_BTC-USD_1h.csv", [*ROWS, (ROWS[-1][0] + 3600, 10, 12, 0, 11, 5)])
    assert enter(["data", "coverage", str(bad), "--json"]) == 0
    assert told(capsys)["blocking"] == 1
    assert enter(["data", "coverage", str(bad), "--json", "--strict"]) == 1
    good = table(tmp_path, "kraken_ETH-USD_1h.csv", ROWS)
    assert enter(["data", "coverage", str(good), "--strict"]) == 0


def test_a_folder_tells_what_it_could_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table(tmp_path, "kraken_BTC-USD_1h.csv", ROWS)
    (tmp_path / "notes.txt").write_text("not a table\n")
    assert enter(["data", "coverage", str(tmp_path), "--json"]) == 0
    found = told(capsys)
    assert len(found["series"]) == 1
    assert [Path(one["file"]).name for one in found["refused"]] == ["notes.txt"]
    assert enter(["data", "coverage", str(tmp_path), "--strict"]) == 1
    assert "notes.txt" in capsys.readouterr().err


def test_nothing_to_read_is_wrong_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("not a table\n")
    assert enter(["data", "coverage", str(tmp_path / "notes.txt"), "--json"]) == 2
    assert "notes.txt" in told(capsys)["message"]
    assert enter(["data", "coverage", str(tmp_path / "nothing")]) == 2
    assert enter(["data", "coverage"]) == 2


def test_what_a_file_does_not_tell_can_be_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = table(tmp_path, "prices.csv", ROWS[:1])
    options = ["--venue", "bitstamp", "--symbol", "BTC/USD", "--timeframe", "1h"]
    assert enter(["data", "coverage", str(path), *options, "--json"]) == 0
    (one,) = told(capsys)["series"]
    assert (one["venue"], one["symbol"], one["timeframe"]) == ("bitstamp", "BTC/USD", "1h")
    assert enter(["data", "coverage", str(path), "--timeframe", "soon"]) == 2
