"""Garbled files: the readers refuse or read, they never fall over, and no bad row becomes a sound one."""

import gzip
import io
import json
import math
import os
import random
import sqlite3
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from adapters.history.canonical import canonical
from adapters.history.registry import read
from adapters.settings import Settings
from trading.errors import Misconfigured
from trading.market.coverage import coverage
from trading.timeframe import Timeframe

QUOTES = Settings().quotes
ROWS = 20_000
LONG = int(os.environ.get("TRADEWIND_TEST_FUZZ_ROWS") or 100_000)
ROWS_A_FILE = 250
ODD = [
    "",
    "nan",
    "inf",
    "-inf",
    "1e999",
    "-1",
    "0",
    "null",
    "None",
    "1,234.5",
    "1.234,5",
    "\x00",
    "ÿ",
    '"',
    "1e-400",
    "9" * 400,
]
ODD += [
    "2024-01-01",
    "31/12/2023 23:59",
    "12-AM",
    "99999999999999999999",
    "-9223372036854775808",
    "0x1F",
    "  7 ",
    "1;2",
    "{",
    "[[",
    "é",
]
Row = list[str]


def sound(chance: random.Random, count: int) -> list[Row]:
    """Rows of time, open, high, low, close and volume as texts, one minute apart."""
    price, rows = 100.0, []
    for n in range(count):
        opened, price = price, price * math.exp(chance.gauss(0, 0.002))
        high, low = max(opened, price) * 1.001, min(opened, price) * 0.999
        numbers = [opened, high, low, price, chance.uniform(0, 5)]
        rows.append([str(1_700_000_040 + 60 * n), *(f"{number:.6f}" for number in numbers)])
    return rows


def garbled(chance: random.Random, rows: list[Row]) -> list[Row]:
    result = []
    for row in rows:
        fields = list(row)
        roll = chance.random()
        if roll < 0.2:
            fields[chance.randrange(len(fields))] = chance.choice(ODD)
        elif roll < 0.25:
            fields[0] = fields[0] + chance.choice(["000", "000000", "000000000", ".5", "7"])
        elif roll < 0.3:
            chance.shuffle(fields)
        elif roll < 0.33:
            fields = fields[: chance.randrange(len(fields))]
        elif roll < 0.36:
            fields.append(chance.choice(ODD))
        result += [fields] * (2 if roll > 0.97 else 1)
    if chance.random() < 0.3:
        chance.shuffle(result)
    return result


def bitten(chance: random.Random, content: bytes) -> bytes:
    """Return content of which now and then some bytes are lost or others."""
    data = bytearray(content)
    if chance.random() < 0.4:
        for _ in range(chance.randrange(1, 6)):
            if data:
                data[chance.randrange(len(data))] = chance.randrange(256)
    if chance.random() < 0.15:
        data = data[: chance.randrange(len(data) + 1)]
    return bytes(data)


def headed(chance: random.Random, rows: list[Row]) -> tuple[str, bytes]:
    names = chance.choice(
        ["ts,open,high,low,close,volume", "unix,Open,High,Low,Close,Volume BTC", "date,open,high,low,close,vol."]
    )
    separator = chance.choice([",", ",", ";", "\t", "|"])
    lines = [names.replace(",", separator), *(separator.join(row) for row in rows)]
    note = "https://www.cryptodatadownload.com\n" if chance.random() < 0.3 else ""
    return "kraken_BTCUSD_1m.csv", (note + "\n".join(lines)).encode(errors="surrogatepass")


def bare(chance: random.Random, rows: list[Row]) -> tuple[str, bytes]:
    wide = chance.choice([3, 5, 6])
    return chance.choice(["XBTUSD_1.csv", "kraken_BTCUSD.csv"]), "\n".join(
        ",".join(row[:wide]) for row in rows
    ).encode()


def listed(chance: random.Random, rows: list[Row]) -> tuple[str, bytes]:
    def typed(text: str) -> object:
        return int(text) if text.isdigit() and len(text) < 19 else text

    records = [[typed(field) for field in row] for row in rows]
    envelope = chance.choice(
        [
            records,
            {"code": "0", "data": [[*r, "1", "2", "1"] for r in records]},
            {"error": [], "result": {"XBTUSDT": [[*r[:5], "1", *r[5:], 3] for r in records], "last": 1_700_000_040}},
            {
                "retCode": 0,
                "result": {"symbol": "BTCUSDT", "list": [[*r, "1"] for r in records]},
                "time": 1_700_009_999_000,
            },
            {
                "candles": [
                    dict(zip(("start", "open", "high", "low", "close", "volume"), row, strict=False)) for row in rows
                ]
            },
        ]
    )
    return "BTC_USDT-1m.json", json.dumps(envelope).encode()


def lean(chance: random.Random, rows: list[Row]) -> tuple[str, bytes]:
    buffer = io.BytesIO()
    lines = [
        ",".join([str(60_000 * n) if chance.random() < 0.9 else row[0] if row else "", *row[1:]])
        for n, row in enumerate(rows)
    ]
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("20231115_btcusd_minute_trade.csv", "\n".join(lines))
    return "crypto_coinbase_minute_btcusd_20231115_trade.zip", buffer.getvalue()


def octobot(chance: random.Random, rows: list[Row]) -> tuple[str, bytes]:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("create table ohlcv (timestamp, exchange_name, cryptocurrency, symbol, time_frame, candle)")
        whole = [
            (1, "binance", "BTC", "BTC/USDT", "1m", json.dumps([*row[:1], *row[1:]]).replace('"', "")) for row in rows
        ]
        connection.executemany("insert into ohlcv values (?, ?, ?, ?, ?, ?)", whole)
        connection.commit()
        return "history.data", connection.serialize()


def typed(chance: random.Random, rows: list[Row]) -> tuple[str, bytes]:
    def number(text: str) -> float | None:
        try:
            return float(text)
        except ValueError:
            return None

    names = ("timestamp", "open", "high", "low", "close", "volume")
    frame = pl.DataFrame(
        [[number(f) for f in (row + [""] * 6)[:6]] for row in rows], schema=names, orient="row", strict=False
    )
    buffer = io.BytesIO()
    if chance.random() < 0.5:
        frame.write_parquet(buffer)
        return "binance_BTC-USDT_1m.parquet", buffer.getvalue()
    frame.write_ipc(buffer)
    return "BTC_USDT-1m.feather", buffer.getvalue()


FORMS: tuple[Callable[[random.Random, list[Row]], tuple[str, bytes]], ...] = (
    headed,
    bare,
    listed,
    lean,
    octobot,
    typed,
)


def assert_sound(frame: pl.DataFrame, timeframe: Timeframe) -> None:
    """Check each bar by itself, with other words than vet's."""
    before = datetime.min.replace(tzinfo=UTC)
    for ts, o, h, low, c, v in frame.select("ts", "open", "high", "low", "close", "volume").iter_rows():
        assert ts > before
        assert timeframe.open_of(ts) == ts
        assert all(isinstance(x, float) and math.isfinite(x) for x in (o, h, low, c, v))
        assert 0 < low <= min(o, c) <= max(o, c) <= h <= 1e12
        assert 0 <= v <= 1e18
        before = ts


@pytest.mark.parametrize("rows", [ROWS, pytest.param(LONG, marks=pytest.mark.chaos)])
def test_garbled_files_neither_break_the_readers_nor_pass(tmp_path: Path, seed: int, rows: int) -> None:
    chance = random.Random(seed)
    read_, kept = 0, 0
    said: list[tuple[str, str]] = []
    for number in range(max(len(FORMS), rows // ROWS_A_FILE)):
        form = FORMS[number % len(FORMS)]
        name, content = form(chance, garbled(chance, sound(chance, ROWS_A_FILE)))
        content = bitten(chance, content)
        if chance.random() < 0.2:
            name, content = f"{name}.gz", bitten(chance, gzip.compress(content))
        path = tmp_path / name
        path.write_bytes(content)
        try:
            series, _ = read(path, QUOTES)
        except Misconfigured as refusal:
            said.append((name, str(refusal)))
            continue
        finally:
            path.unlink()
        read_ += 1
        for one in series:
            coverage(one.sample())
            if one.symbol is None or (one.timeframe is None and one.kind != "trades"):
                continue
            found = canonical([one])
            kept += found.frame.height
            assert found.frame.height + sum(found.dropped.values()) == one.rows.height
            if one.kind == "candles":
                assert one.timeframe is not None
                assert_sound(found.frame, one.timeframe)
    assert all(name in message and len(message) < 2000 for name, message in said)
    assert read_ > len(said) / 8
    assert kept > 0


@pytest.mark.parametrize("number", range(30))
def test_noise_is_refused_with_its_name(tmp_path: Path, number: int) -> None:
    path = tmp_path / "noise.bin"
    path.write_bytes(random.Random(number).randbytes(2000))
    with pytest.raises(Misconfigured, match=r"noise\.bin"):
        read(path, QUOTES)
