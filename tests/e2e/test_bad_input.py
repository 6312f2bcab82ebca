"""Bad input, as a user gives it: one line that names what to change, exit code 2, and what is sound goes on."""

import json
import math
import os
import random
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from adapters.exchange.market_data import MarketData
from adapters.settings import Settings
from adapters.store.local_postgres import LocalPostgres
from cli.program import enter
from cli.session.markets import Market, file_market
from cli.session.plan import Timerange, Trading
from tests.e2e.command import end, start, tradewind
from trading.errors import Unavailable

pytestmark = pytest.mark.e2e

HEADER = "ts,open,high,low,close,volume"
OPEN, HIGH, LOW, CLOSE, VOLUME = range(1, 6)
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
ROWS = 900

Row = list[Any]


def bars(seed: int, price: float = 100.0, step: timedelta = timedelta(hours=1), rows: int = ROWS) -> list[Row]:
    """Bars whose price goes up and down like a wave and rises at the end: easy to foresee."""
    print("seed", seed)
    draw = random.Random(seed)
    found: list[Row] = []
    before = price
    for at in range(rows):
        wave = 0.05 * math.sin(2 * math.pi * (at - rows + 8) / 48)
        close = round(price * math.exp(wave + draw.gauss(0, 0.001)), 2)
        high, low = round(max(before, close) * 1.0005, 2), round(min(before, close) * 0.9995, 2)
        found.append([f"{BEGIN + at * step:%Y-%m-%d %H:%M:%S}", before, high, low, close, draw.randrange(10**4, 10**6)])
        before = close
    return found


def put(path: Path, rows: list[Row], header: str = HEADER) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return path


def spoiled(rows: list[Row], column: int, value: object, *places: int) -> list[Row]:
    for place in places:
        rows[place][column] = value
    return rows


@pytest.fixture(autouse=True)
def only_the_given_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("TRADEWIND_"):
            monkeypatch.delenv(name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Candle files, each kind of bad one in a folder of its own."""
    good = bars(1)
    put(tmp_path / "good" / "binance_BTCUSDT_1h.csv", good)
    put(tmp_path / "no close" / "BTCUSDT_1h.csv", [row[:4] + row[5:] for row in good], "ts,open,high,low,volume")
    put(tmp_path / "all bad" / "BTCUSDT_1h.csv", spoiled(bars(1), CLOSE, -1, *range(ROWS)))
    put(tmp_path / "short" / "BTCUSDT_1h.csv", good[:50])
    put(tmp_path / "header" / "BTCUSDT_1h.csv", [])
    put(tmp_path / "lengths" / "BTCUSDT_1h.csv", good)
    put(tmp_path / "lengths" / "ETHUSDT_5m.csv", bars(2, step=timedelta(minutes=5)))
    put(tmp_path / "quotes" / "BTCUSDT_1h.csv", good)
    put(tmp_path / "quotes" / "ETHEUR_1h.csv", bars(2))
    put(tmp_path / "nameless" / "FOOBAR_1h.csv", good)
    put(tmp_path / "twice" / "a" / "BTCUSDT_1h.csv", good)
    put(tmp_path / "twice" / "b" / "BTCUSDT_1h.csv", bars(2))
    put(tmp_path / "notes" / "BTCUSDT_1h.txt", [], "bought some at the open")
    for name in ("void", "binary"):
        (tmp_path / name).mkdir()
    (tmp_path / "binary" / "BTCUSDT_1h.parquet").write_bytes(random.Random(3).randbytes(5000))
    (tmp_path / "empty.csv").touch()
    return tmp_path


WRONG: list[tuple[str, str]] = [
    ("--symbols FOO/BAR", "--symbols FOO/BAR: the random market has BTC/USDT"),
    ("--symbols ,", "--symbols ',' names none"),
    ("--exchange nosuch", "exchange 'nosuch' is not one that ccxt knows"),
    ("--candles {}/none.csv", "--candles {}/none.csv: no such file"),
    ("--candles {}/void", "--candles {}/void: no files in this folder"),
    ("--candles {}/notes/BTCUSDT_1h.txt", "{}/notes/BTCUSDT_1h.txt: of no form we know"),
    ("--candles {}/empty.csv", "{}/empty.csv: empty file"),
    ("--candles {}/header", "{}/header/BTCUSDT_1h.csv: no rows"),
    ("--candles {}/no_close", "column close is missing; it has ts, open, high, low, volume"),
    ("--candles {}/all_bad", "BTC/USDT: 900 rows quarantined (price not positive), the first at 2024-01-01 00:00"),
    ("--candles {}/twice", "BTC/USDT: 1800 rows quarantined (conflicting duplicate)"),
    ("--candles {}/short", "50 bars of 1h up to 2024-01-03 01:00 are too few"),
    ("--candles {}/lengths", "files of several timeframes: 1h (BTCUSDT_1h.csv); 5m (ETHUSDT_5m.csv); choose one with"),
    ("--candles {}/quotes", "several quote currencies EUR, USDT: choose those of one with --symbols"),
    (
        "--candles {}/nameless",
        "FOOBAR_1h.csv: nothing in it and no part of its name (say binance_BTCUSDT_1h.parquet) tells the",
    ),
    ("--candles {}/binary", "{}/binary/BTCUSDT_1h.parquet: of no form we know"),
    ("--candles {}/good --symbols ETH/USDT", "--symbols: no candles for ETH/USDT; the files hold BTC/USDT"),
    ("--candles {}/good --symbols FOOBAR", "--symbols: symbol 'FOOBAR' ends with none of the quotes"),
    ("--candles {}/good --timeframe 5m", "--timeframe 5m: no such file among 1h"),
    ("--candles {}/good --steps 90000", "choose fewer --steps"),
    ("--candles {}/good --timerange soon", "--timerange 'soon' is not of the form"),
    ("--candles {}/good --timerange 20240201-20240101", "--timerange '20240201-20240101' ends before it starts"),
    ("--candles {}/good --timerange 20300101-20300201", "BTC/USDT from 2024-01-01 00:00 to 2024-02-07 11:00; choose"),
    ("--candles {}/good --timerange 20100101-20100201", "BTC/USDT from 2024-01-01 00:00 to 2024-02-07 11:00; choose"),
    ("--timeframe 7x", "--timeframe: timeframe '7x'"),
    ("--timeframe 99999999999w", "--timeframe 99999999999w: longer than 1w"),
    ("--steps 0", "'--steps': 0 is not in the range"),
    ("--steps many", "'--steps': 'many' is not a valid integer"),
    (f"--seed {10**30}", "'--seed'"),
    ("--sym BTC/USDT", "--sym"),
]


@pytest.mark.parametrize(("options", "named"), WRONG)
@pytest.mark.parametrize("as_object", [False, True])
def test_a_wrong_option_or_file_is_one_line_that_names_it(
    options: str, named: str, as_object: bool, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [part.replace("{}", str(folder)).replace("no_close", "no close").replace("all_bad", "all bad")
             for part in options.split()]  # fmt: skip
    code = enter(["run", *given, "--data-dir", str(folder / "data"), *(["--json"] if as_object else [])])
    out, err = capsys.readouterr()
    said = err.strip().splitlines()[-1]
    assert code == 2
    assert said.startswith("tradewind: ")
    assert named.replace("{}", str(folder)) in said
    assert "Traceback" not in err
    assert not (folder / "data").exists()
    if as_object:
        told = json.loads(out.splitlines()[-1])
        assert told == {"error": "Misconfigured", "message": said.removeprefix("tradewind: "), "exit_code": 2}


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("FOO", "1", "unknown setting TRADEWIND_FOO"),
        ("BOOK", "BAD NAME", "TRADEWIND_BOOK=BAD NAME: "),
        ("MODE", "live", "TRADEWIND_MODE=live"),
        ("MODE", "bold", "TRADEWIND_MODE=bold: "),
        ("DATABASE_URL", "mysql://user:secret@host/name", "TRADEWIND_DATABASE_URL: "),
        ("RECV_WINDOW_MS", "soon", "TRADEWIND_RECV_WINDOW_MS=soon: "),
    ],
)
def test_a_wrong_setting_is_named(
    name: str,
    value: str,
    named: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(f"TRADEWIND_{name}", value)
    assert enter(["run", "--data-dir", str(tmp_path / "data")]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert named in said
    assert "secret" not in said
    assert not (tmp_path / "data").exists()


def test_quotes_are_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEWIND_QUOTES", "usdt, EUR")
    assert Settings().quotes == ("USDT", "EUR")


def test_without_a_network_a_live_exchange_is_wrong_input(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def silent(*_: object) -> None:
        raise Unavailable("kraken does not answer")

    monkeypatch.setattr(MarketData, "instruments", silent)
    assert enter(["run", "--exchange", "kraken", "--data-dir", str(tmp_path / "data")]) == 2
    (said,) = capsys.readouterr().err.strip().splitlines()
    assert "--exchange kraken needs a network" in said


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_an_impossible_data_folder_is_named(place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert enter(["run", "--data-dir", str(tmp_path / place)]) == 2
    assert "choose another --data-dir" in capsys.readouterr().err.strip().splitlines()[-1]


def market(path: Path, steps: int = 24) -> Market:
    span, options = Timerange(None, None), {"venue": None, "timeframe": None, "symbols": None}
    return file_market(Settings(), [path], **options, timerange=span, trading=Trading(steps))


@pytest.mark.parametrize(
    ("spoil", "note"),
    [
        (lambda rows: spoiled(rows, CLOSE, "abc", 500), "1 rows quarantined (not a number), the first at"),
        (lambda rows: spoiled(rows, CLOSE, "NaN", 500), "1 rows quarantined (not finite)"),
        (lambda rows: spoiled(rows, LOW, -1, 500), "1 rows quarantined (price not positive)"),
        (lambda rows: spoiled(rows, OPEN, 0, 500), "1 rows quarantined (price not positive)"),
        (lambda rows: spoiled(rows, HIGH, 1, 500), "1 rows quarantined (high below low)"),
        (lambda rows: spoiled(rows, VOLUME, -1, 500), "1 rows quarantined (volume negative)"),
        (lambda rows: spoiled(rows, 0, "yesterday", 500), "1 rows quarantined (null)"),
        (lambda rows: rows + rows[100:110], "10 rows duplicate (equal rows, kept once)"),
        (lambda rows: [*rows, [*rows[500][:VOLUME], 1]], "2 rows quarantined (conflicting duplicate)"),
        (lambda rows: rows[::-1], "900 rows descending"),
    ],
)  # fmt: skip
def test_bad_rows_are_told_and_the_rest_goes_on(
    spoil: Callable[[list[Row]], list[Row]], note: str, tmp_path: Path
) -> None:
    found = market(put(tmp_path / "BTCUSDT_1h.csv", spoil(bars(1))))
    assert any(said.startswith(f"BTC/USDT: {note}") for said in found.plan.notes), found.plan.notes
    assert found.plan.end == BEGIN + ROWS * timedelta(hours=1)
    assert len(found.bars["BTC/USDT"]) >= ROWS - 2


def test_files_that_name_no_venue_are_a_venue_of_their_own(tmp_path: Path) -> None:
    first = market(put(tmp_path / "a" / "BTCUSDT_1h.csv", bars(1)))
    second = market(put(tmp_path / "b" / "BTCUSDT_1h.csv", bars(2)))
    assert first.plan.venue != second.plan.venue
    assert first.plan.venue == market(tmp_path / "a", steps=12).plan.venue


def test_a_database_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    url = {"TRADEWIND_DATABASE_URL": "postgresql://user:secret@127.0.0.1:9/name"}
    ended = tradewind("run", "--data-dir", str(tmp_path), timeout=40, **url)
    assert ended.code == 1
    assert [line for line in ended.err.splitlines() if not line.startswith("·")] == ended.reasons
    assert "TRADEWIND_DATABASE_URL" in ended.reasons[0]
    assert "secret" not in ended.err


def test_ctrl_c_before_anything_began_is_one_line(tmp_path: Path) -> None:
    ends = []
    for pause in (0.15, 0.4, 0.8, 1.6, 3.2):
        process = start("run", "--data-dir", str(tmp_path / "data"), "--candles", str(tmp_path), "--json")
        time.sleep(pause)
        process.send_signal(signal.SIGINT)
        ended = end(process, 60)
        ends.append(ended.code)
        # The machine was faster; or slower, and our first line was not reached.
        if ended.code == 2 or (ended.code == -signal.SIGINT and "in main" not in ended.err):
            continue
        assert ended.code == 130, ended.err
        assert (len(ended.reasons), ended.result["exit_code"]) == (1, 130)
        assert "Traceback" not in ended.err
    assert 130 in ends


def test_a_symbol_whose_last_rows_are_bad_does_not_trade_on_them_and_ctrl_c_loses_nothing(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    steps = 3
    tail = range(ROWS - steps - 1, ROWS)
    bad = spoiled(spoiled(spoiled(bars(1), CLOSE, "", *tail), CLOSE, "NaN", 300), LOW, -1, 301)
    put(tmp_path / "in" / "BTCUSDT_1h.csv", bad)
    put(tmp_path / "in" / "ETHUSDT_1h.csv", bars(2, price=50.0))
    data = tmp_path / "data"
    arguments = ("run", "--candles", str(tmp_path / "in"), "--steps", str(steps), "--json", "--data-dir", str(data))

    process = start(*arguments)
    while not (data / "dagster" / "dagster.yaml").exists():
        assert process.poll() is None
        time.sleep(0.05)
    time.sleep(2)
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    interrupted = end(process, 60)
    assert interrupted.code == 130, interrupted.err
    assert len(interrupted.reasons) == 1
    assert "Traceback" not in interrupted.err
    assert psutil.wait_procs(family, timeout=5)[1] == []

    ended = tradewind(*arguments)
    assert ended.code == 0, ended.err
    assert f"BTC/USDT: {len(tail) + 2} rows quarantined (not finite, null, price not positive)" in ended.err
    result = ended.result
    assert result["without_orders"]["BTC/USDT"].startswith("stale newest bar is 2024-02-07 07:00")
    assert "ETH/USDT" not in result["without_orders"]
    assert result["orders"] > 0
    assert (result["duplicate_orders"], result["ledger_imbalance"], result["passport_nulls"]) == (0, "0", 0)
    postgres = LocalPostgres(data)
    postgres.start()
    try:
        with psycopg.connect(postgres.url()) as connection:
            kept = connection.execute("select symbol, count(*) from ops.quarantined_candles group by 1").fetchall()
            shut = connection.execute("select symbol, check_name from ops.gates where closed").fetchall()
    finally:
        postgres.remove()
    assert (kept, shut) == ([("BTC/USDT", len(tail) + 2)], [("BTC/USDT", "stale")])
