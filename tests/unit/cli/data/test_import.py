"""`tradewind data import`: sound files, a report, the same twice, and whole files whatever kills it."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from adapters.history.candle_files import read as read_candles
from adapters.history.registry import read
from adapters.settings import Settings
from cli.program import enter
from trading.market.clean import vet

QUOTES = Settings().quotes
START = 1_709_251_200
ROWS: list[tuple[Any, ...]] = [(START + 3600 * n, 10 + n / 100, 12, 9, 11, 5) for n in range(30)]
HEADER = "ts,open,high,low,close,volume"


def table(path: Path, rows: list[tuple[Any, ...]], header: str = HEADER) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]))
    return path


def taken(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> dict[str, Any]:
    assert enter(["data", "import", *map(str, words), "--json"]) == code
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_what_is_sound_is_written_and_what_was_decided_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [*reversed(ROWS), ROWS[3], (START + 3600 * 40, 10, 12, 0, 11, 5), (START + 3600 * 41 + 7, 10, 12, 9, 11, 5)]
    source = table(tmp_path / "in" / "kraken_BTCUSD_1h.csv", rows)
    (one,) = taken(capsys, source, "--out", tmp_path / "out")["files"]
    assert (one["rows"], one["added"]) == (30, 30)
    assert one["dropped"] == {"price not positive": 1, "unaligned time": 1, "duplicate": 1}
    path = tmp_path / "out" / "kraken_BTC-USD_1h.parquet"
    assert one["file"] == str(path)
    frame = pl.read_parquet(path)
    assert frame.columns == ["ts", "open", "high", "low", "close", "volume"]
    assert frame["ts"].is_sorted()
    assert frame.rows()[0][1:] == ROWS[0][1:]
    # Both of our readers take it for what it is.
    (back,), _ = read(path, QUOTES)
    assert (back.venue, back.symbol, str(back.timeframe)) == ("kraken", "BTC/USD", "1h")
    (file,) = read_candles([path], quotes=QUOTES)
    assert (file.venue, file.symbol, str(file.timeframe)) == ("kraken", "BTC/USD", "1h")
    assert vet(file.frame, file.timeframe).findings == ()


def test_the_same_import_twice_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table(tmp_path / "in" / "kraken_BTCUSD_1h.csv", ROWS)
    trades = [(START + n // 2, 10.5, 1) for n in range(40)]
    table(tmp_path / "in" / "kraken_ETHUSD_trades.csv", trades, "ts,price,amount")
    first = taken(capsys, tmp_path / "in", "--out", tmp_path / "out")
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in (tmp_path / "out").glob("*.parquet")}
    second = taken(capsys, tmp_path / "in", "--out", tmp_path / "out")
    after = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in (tmp_path / "out").glob("*.parquet")}
    assert [one["added"] for one in first["files"]] == [30, 40]
    assert [(one["added"], one["differ_from_stored"]) for one in second["files"]] == [(0, 0), (0, 0)]
    assert after == before


def test_the_next_month_is_added_and_what_is_stored_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    taken(capsys, table(tmp_path / "a" / "kraken_BTCUSD_1h.csv", ROWS[:20]), "--out", out)
    other = [(*ROWS[19][:5], 77), *ROWS[20:]]
    (one,) = taken(capsys, table(tmp_path / "b" / "kraken_BTCUSD_1h.csv", other), "--out", out)["files"]
    assert (one["rows"], one["added"], one["differ_from_stored"]) == (30, 10, 1)
    assert pl.read_parquet(out / "kraken_BTC-USD_1h.parquet")["volume"].unique().to_list() == [5.0]


def test_equal_trades_of_one_stamp_are_counted_not_merged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = table(tmp_path / "kraken_BTCUSD_trades.csv", [(START, 10.5, 1)] * 2, "ts,price,amount")
    assert taken(capsys, source, "--out", tmp_path / "out")["files"][0]["added"] == 2
    table(source, [(START, 10.5, 1)] * 3, "ts,price,amount")
    (one,) = taken(capsys, source, "--out", tmp_path / "out")["files"]
    assert (one["rows"], one["added"], one["differ_from_stored"]) == (3, 1, 0)


def test_jitter_swapped_volumes_and_open_bars_are_put_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rates = [((START + 28800 * n) * 1000 + n % 3, 0.0001 * n) for n in range(9)]
    table(tmp_path / "in" / "binance_BTCUSDT_8h.csv", rates, "fundingTime,fundingRate")
    swapped = [(*row[:5], row[4] * 5, 5) for row in ROWS]
    table(tmp_path / "in" / "kraken_BTCUSD_1h.csv", swapped, "ts,open,high,low,close,volume,quote_volume")
    answer = {
        "retCode": 0,
        "result": {"symbol": "BTCUSDT", "list": [[str(r[0] * 1000), *map(str, r[1:]), "1"] for r in ROWS[:3]]},
    }
    answer["time"] = (START + 3600 * 2 + 60) * 1000
    (tmp_path / "in" / "answer.json").write_text(json.dumps(answer))
    files = {Path(one["file"]).name: one for one in taken(capsys, tmp_path / "in", "--out", tmp_path / "out")["files"]}
    assert set(files) == {
        "binance_BTC-USDT_funding_8h.parquet",
        "kraken_BTC-USD_1h.parquet",
        "bybit_BTC-USDT_1h.parquet",
    }
    assert "6 stamps moved onto the grid of 8h" in files["binance_BTC-USDT_funding_8h.parquet"]["decisions"][0]
    assert (
        "30 rows had base and quote volume in each other's column" in files["kraken_BTC-USD_1h.parquet"]["decisions"][0]
    )
    frame = pl.read_parquet(tmp_path / "out" / "kraken_BTC-USD_1h.parquet")
    assert (frame["volume"].unique().to_list(), frame["quote_volume"].unique().to_list()) == ([5.0], [55.0])
    assert files["bybit_BTC-USDT_1h.parquet"]["dropped"] == {"not closed": 1}


def test_what_cannot_be_named_is_refused_until_it_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = table(tmp_path / "prices.csv", ROWS)
    (said,) = taken(capsys, source, "--out", tmp_path / "out", code=1)["refused"]
    assert "say it with --symbol" in said["message"]
    found = taken(capsys, source, "--out", tmp_path / "out", "--symbol", "BTC/KRW", "--venue", "../upbit")
    (one,) = found["files"]
    assert Path(one["file"]) == tmp_path / "out" / "upbit_BTC-KRW_1h.parquet"


def test_a_place_that_cannot_be_written_is_wrong_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = table(tmp_path / "kraken_BTCUSD_1h.csv", ROWS)
    assert "is not a folder" in taken(capsys, source, "--out", source, code=2)["message"]
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "kraken_BTC-USD_1h.parquet").write_text("something else")
    assert "move it away" in taken(capsys, source, "--out", tmp_path / "out", code=1)["message"]


def test_killed_at_any_moment_the_archive_is_whole_and_the_same_command_ends_it(tmp_path: Path, seed: int) -> None:
    for market in range(40):
        table(tmp_path / "in" / f"kraken_M{market}X-USD_1h.csv", [(*row[:5], row[5] + market) for row in ROWS * 20])
    command = [sys.executable, "-m", "cli.main", "data", "import", str(tmp_path / "in"), "--out"]
    subprocess.run([*command, str(tmp_path / "calm")], check=True, capture_output=True)
    out, chance, killed = tmp_path / "out", random.Random(seed), 0
    out.mkdir()
    for _ in range(40):
        running = subprocess.Popen([*command, str(out)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        began = len(list(out.glob("*.parquet")))
        while running.poll() is None and len(list(out.glob("*.parquet"))) < began + 5:
            time.sleep(0.001)
        time.sleep(chance.random() * 0.01)
        running.send_signal(signal.SIGKILL)
        if running.wait() == 0:
            break
        killed += 1
        for path in out.glob("*.parquet"):
            assert pl.read_parquet(path).height == 30
    subprocess.run([*command, str(out)], check=True, capture_output=True)
    assert killed > 0
    files = {path.name: path.read_bytes() for path in out.iterdir()}
    assert files == {path.name: path.read_bytes() for path in (tmp_path / "calm").iterdir()}
