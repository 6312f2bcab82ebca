"""`tradewind data gaps` over files: each run of missing bars."""

import json
from pathlib import Path

import pytest

from cli.program import enter

HEADER = "ts,open,high,low,close,volume"


def test_the_gap_map_of_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"{1_709_251_200 + 3600 * n},10,12,9,11,5" for n in range(30) if n not in (4, 9, 10, 11)]
    (tmp_path / "kraken_BTC-USD_1h.csv").write_text("\n".join([HEADER, *rows]))
    assert enter(["data", "gaps", str(tmp_path), "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out.splitlines()[-1])["series"]
    assert (one["venue"], one["symbol"], one["timeframe"], one["bars"], one["missing"]) == (
        "kraken",
        "BTC/USD",
        "1h",
        26,
        4,
    )
    assert one["gaps"] == [
        {"first": "2024-03-01 04:00:00+00:00", "last": "2024-03-01 04:00:00+00:00", "bars": 1},
        {"first": "2024-03-01 09:00:00+00:00", "last": "2024-03-01 11:00:00+00:00", "bars": 3},
    ]
    assert enter(["data", "gaps", str(tmp_path)]) == 0
    assert "2024-03-01 09:00 to 2024-03-01 11:00        3" in capsys.readouterr().out


def test_without_paths_and_without_a_database_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert enter(["data", "gaps", "--data-dir", str(tmp_path)]) == 1
    assert "does not run" in capsys.readouterr().err
