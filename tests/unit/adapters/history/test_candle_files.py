"""Candle files: every form is read alike, and what is wrong is named."""

import gzip
import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from adapters.history.candle_files import CandleFile, observed_step, read
from tests.fakes.random_panel import random_panel
from trading.candle import TS
from trading.errors import Misconfigured
from trading.market.clean import vet
from trading.timeframe import Timeframe

QUOTES = ("USDT", "USDC", "USD", "EUR", "BTC")
HOUR = Timeframe.parse("1h")
BARS = (
    random_panel(51, 40, ("A/USD",))
    .drop("symbol")
    .with_columns(pl.col("open", "high", "low", "close", "volume").round(3))
)


def one(path: Path, **options: object) -> CandleFile:
    files = read([path], quotes=QUOTES, **options)
    assert len(files) == 1
    return files[0]


def write(path: Path, frame: pl.DataFrame = BARS) -> Path:
    if path.suffix == ".parquet":
        frame.write_parquet(path)
    elif path.suffix == ".feather":
        frame.write_ipc(path)
    elif path.suffix == ".gz":
        path.write_bytes(gzip.compress(frame.write_csv().encode()))
    else:
        frame.write_csv(path)
    return path


@pytest.mark.parametrize("suffix", [".parquet", ".feather", ".csv", ".csv.gz"])
def test_every_format_gives_the_same_bars(tmp_path: Path, suffix: str):
    file = one(write(tmp_path / f"binance_BTCUSDT_1h{suffix}"))
    assert (file.venue, file.symbol, file.base, file.quote) == ("binance", "BTC/USDT", "BTC", "USDT")
    assert file.timeframe == HOUR
    assert file.frame.columns == ["ts", "open", "high", "low", "close", "volume"]
    assert file.frame.schema["ts"] == TS
    assert vet(file.frame, HOUR).good.equals(BARS)
    assert file.steps() == (Decimal("0.001"), Decimal("0.001"))
    assert (file.ignored, file.notes) == ((), ())


@pytest.mark.parametrize(
    ("name", "venue", "symbol", "timeframe"),
    [
        ("binance_BTCUSDT_1h", "binance", "BTC/USDT", "1h"),
        ("BTC_USDT-1h", None, "BTC/USDT", "1h"),
        ("Bitstamp_BTCUSD_1h", "bitstamp", "BTC/USD", "1h"),
        ("binance us ETH-EUR 1h 2024", "binance_us", "ETH/EUR", "1h"),
        ("btcusd_1h_2011_2025", None, "BTC/USD", "1h"),
        ("kraken_USDCUSD", "kraken", "USDC/USD", "1h"),
        ("BTCUSDT", None, "BTC/USDT", "1h"),
        ("binance_1000PEPEUSDT_5m", "binance", "1000PEPE/USDT", "5m"),
    ],
)
def test_names_tell_venue_symbol_and_timeframe(
    tmp_path: Path, name: str, venue: str | None, symbol: str, timeframe: str
):
    file = one(write(tmp_path / f"{name}.parquet"))
    assert (file.venue, file.symbol, str(file.timeframe)) == (venue, symbol, timeframe)
    assert bool(file.notes) == (timeframe == "5m")  # its rows are an hour apart, and it says so


@pytest.mark.parametrize(
    "times",
    [
        pl.col("ts").dt.epoch("s"),
        pl.col("ts").dt.epoch("ms"),
        pl.col("ts").dt.epoch("us"),
        pl.col("ts").dt.epoch("us") * 1000,
        pl.col("ts").dt.epoch("s").cast(pl.Float64),
        pl.col("ts").dt.epoch("ms").cast(pl.String),
        pl.col("ts").dt.replace_time_zone(None),
        pl.col("ts").dt.convert_time_zone("America/New_York"),
        pl.col("ts").dt.cast_time_unit("ns"),
        pl.col("ts").dt.strftime("%Y-%m-%d %H:%M:%S"),
        pl.col("ts").dt.strftime("%Y-%m-%d %H:%M"),
        pl.col("ts").dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        pl.col("ts").dt.strftime("%Y-%m-%dT%H:%M:%S%.6f"),
        pl.col("ts").dt.strftime("%Y-%m-%d %H:%M:%S+00:00"),
        pl.col("ts").dt.convert_time_zone("Asia/Tokyo").dt.strftime("%Y-%m-%dT%H:%M:%S%:z"),
        pl.col("ts").dt.strftime("%Y-%m-%d %I-%p"),
    ],
)
@pytest.mark.parametrize("name", ["ts", "date", "Timestamp", "time", "open_time"])
def test_times_of_every_kind_are_utc(tmp_path: Path, times: pl.Expr, name: str):
    frame = BARS.with_columns(times.alias("ts")).rename({"ts": name})
    assert one(write(tmp_path / "BTCUSDT.parquet", frame)).frame["ts"].equals(BARS["ts"])


def test_dates_are_midnight_utc(tmp_path: Path):
    days = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(40)]
    frame = BARS.with_columns(ts=pl.Series(days).dt.date())
    file = one(write(tmp_path / "BTCUSDT.csv", frame))
    assert file.frame["ts"].to_list() == days
    assert str(file.timeframe) == "1d"
    assert one(write(tmp_path / "BTCUSDT.parquet", frame)).frame["ts"].to_list() == days


def test_further_columns_are_ignored_aloud_and_case_does_not_matter(tmp_path: Path):
    frame = BARS.rename(str.upper).with_columns(Mood=pl.lit("calm"), trades=pl.lit(3))
    assert one(write(tmp_path / "BTCUSDT.csv", frame)).ignored == ("Mood",)


def test_a_note_above_the_header_semicolons_and_the_base_volume_are_understood(tmp_path: Path):
    path = tmp_path / "Kraken_BTCUSD_1h.csv"
    frame = BARS.with_columns((pl.col("volume") * pl.col("close")).alias("Volume USD"))
    text = frame.rename({"volume": "Volume BTC"}).write_csv(separator=";")
    path.write_text("https://example.org\n" + text)
    assert vet(one(path).frame, HOUR).good.equals(BARS)


def test_swapped_volumes_and_jitter_are_put_right_aloud_and_open_bars_are_left_out(tmp_path: Path):
    late = pl.duration(milliseconds=3)
    frame = BARS.with_columns(
        ts=pl.col("ts") + late,
        quote_volume=pl.col("volume"),
        volume=pl.col("volume") * pl.col("close"),
        confirm=pl.int_range(pl.len()) < BARS.height - 1,
    )
    file = one(write(tmp_path / "binance_BTCUSDT_1h.parquet", frame))
    assert vet(file.frame, HOUR).good.equals(BARS.head(-1))
    assert [note.partition(": ")[2] for note in file.notes] == [
        "40 stamps moved onto the grid of 1h: jitter of milliseconds",
        "40 rows had base and quote volume in each other's column: put right",
        "1 bars left out: not closed",
    ]


def test_rows_stay_raw(tmp_path: Path):
    path = tmp_path / "BTCUSDT_1h.csv"
    path.write_text(
        "ts,open,high,low,close,volume\n"
        "2024-01-01 01:00,1.25,2,1,1.5,3\n2024-01-01 00:00,oops,2,1,1.5,3\n"
        "2024-01-01 00:00,1,2,1,1.5,\nnever,1,2,1,1,1\n"
    )
    file = one(path)
    assert file.frame.height == 4
    vetted = vet(file.frame, HOUR)
    assert sorted(vetted.quarantined["reason"]) == ["not a number", "null", "null"]
    assert vetted.good.height == 1
    assert file.steps() == (Decimal("0.01"), Decimal(1))


def test_several_symbols_of_unequal_length_from_a_folder(tmp_path: Path):
    (tmp_path / "deeper").mkdir()
    write(tmp_path / "binance_ETHUSDT_1h.parquet", BARS.head(10))
    write(tmp_path / "deeper" / "binance_BTCUSDT_1h.csv")
    (tmp_path / "README.md").write_text("not candles")
    files = read([tmp_path], quotes=QUOTES)
    assert [(file.symbol, file.frame.height) for file in files] == [("BTC/USDT", 40), ("ETH/USDT", 10)]
    (chosen,) = read([tmp_path], quotes=QUOTES, symbols=["ETHUSDT"])
    assert (chosen.symbol, chosen.notes) == ("ETH/USDT", ("left out, no candles: README.md",))
    with pytest.raises(Misconfigured, match="--symbols: no candles for SOL/USDT; the files hold BTC/USDT, ETH/USDT"):
        read([tmp_path], quotes=QUOTES, symbols=["SOL/USDT"])


def test_a_file_named_twice_is_read_once(tmp_path: Path):
    path = write(tmp_path / "binance_ETHUSDT_1h.parquet")
    assert read([path, tmp_path, str(path)], quotes=QUOTES)[0].frame.height == 40


def test_a_link_gives_its_own_name_and_hidden_files_are_passed_over(tmp_path: Path):
    write(tmp_path / ".BTCUSDT_1h.csv")
    with pytest.raises(Misconfigured, match="files in this folder"):
        read([tmp_path], quotes=QUOTES)
    link = tmp_path / "kraken_BTCUSD_1h.csv"
    link.symlink_to(tmp_path / ".BTCUSDT_1h.csv")
    assert (one(link).symbol, one(link).venue) == ("BTC/USD", "kraken")


def test_two_files_of_one_symbol_are_merged_aloud(tmp_path: Path):
    first = write(tmp_path / "binance_BTCUSDT_1h_2023.csv", BARS.head(25))
    second = write(tmp_path / "binance_BTCUSDT_1h_2024.parquet", BARS.tail(20))
    file = read([first, second], quotes=QUOTES)[0]
    assert file.paths == (first, second)
    assert file.notes == ("BTC/USDT: 2 files merged: binance_BTCUSDT_1h_2023.csv, binance_BTCUSDT_1h_2024.parquet",)
    vetted = vet(file.frame, HOUR)
    assert vetted.good.equals(BARS)
    assert vetted.duplicates == 5


def test_text_and_numbers_of_one_symbol_are_merged(tmp_path: Path):
    frame = BARS.with_columns(pl.col("volume").cast(pl.Int64))
    write(tmp_path / "binance_BTCUSDT_1h.feather", frame.head(10))
    write(tmp_path / "binance_BTCUSDT_1h.csv", frame.tail(30))
    file = one(tmp_path)
    assert vet(file.frame, HOUR).good.equals(frame.cast({"volume": pl.Float64}))


def test_a_column_symbol_splits_a_file(tmp_path: Path):
    frame = random_panel(52, 30, ("BTCUSDT", "ETH/USDT"))
    files = read([write(tmp_path / "candles.parquet", frame)], quotes=QUOTES)
    assert [(file.symbol, file.frame.height) for file in files] == [("BTC/USDT", 30), ("ETH/USDT", 27)]
    lost = frame.with_columns(symbol=pl.when(pl.int_range(pl.len()) > 5).then(pl.col("symbol")))
    with pytest.raises(Misconfigured, match=r"candles.parquet: nothing in it .* tells the symbol"):
        read([write(tmp_path / "candles.parquet", lost)], quotes=QUOTES)


def test_options_name_what_the_file_name_does_not(tmp_path: Path):
    path = write(tmp_path / "candles.csv")
    file = one(path, venue="Kraken", symbols=["BTC/USD"], timeframe="1h")
    assert (file.venue, file.symbol, file.timeframe) == ("kraken", "BTC/USD", HOUR)
    with pytest.raises(Misconfigured, match=r"candles.csv: nothing in it .* tells the symbol; give it with --symbols"):
        one(path)


def test_mixed_timeframes_are_refused_until_one_is_chosen(tmp_path: Path):
    write(tmp_path / "binance_BTCUSDT_1h.parquet")
    write(tmp_path / "binance_ETHUSDT_5m.parquet")
    with pytest.raises(Misconfigured, match=r"1h \(binance_BTC.*5m \(binance_ETH.*--timeframe"):
        read([tmp_path], quotes=QUOTES)
    file = one(tmp_path, timeframe="1h")
    assert file.symbol == "BTC/USDT"
    assert file.notes == ("left out, not 1h: binance_ETHUSDT_5m.parquet",)
    with pytest.raises(Misconfigured, match="--timeframe 4h: no such file among 1h"):
        read([tmp_path], quotes=QUOTES, timeframe="4h")
    with pytest.raises(Misconfigured, match="timeframe 'often'"):
        read([tmp_path], quotes=QUOTES, timeframe="often")


def test_mixed_venues_are_refused_until_one_is_chosen(tmp_path: Path):
    write(tmp_path / "binance_BTCUSDT_1h.parquet")
    write(tmp_path / "kraken_BTCUSDT_1h.parquet")
    with pytest.raises(Misconfigured, match=r"binance \(.*kraken \(.*--venue"):
        read([tmp_path], quotes=QUOTES)
    assert one(tmp_path, venue="kraken").paths == (tmp_path / "kraken_BTCUSDT_1h.parquet",)
    with pytest.raises(Misconfigured, match="--venue bybit: no such file among binance"):
        read([tmp_path], quotes=QUOTES, venue="bybit")
    assert one(tmp_path / "kraken_BTCUSDT_1h.parquet", venue="paper").venue == "paper"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("BTCUSDT.csv", "ts,open,high,low,close\n1,2,3,4,5\n", "BTCUSDT.csv: column volume is missing"),
        ("BTCUSDT.csv", "open,high,low,close,volume\n1,2,3,4,5\n", "BTCUSDT.csv: of no form we know"),
        ("BTCUSDT.csv", "ts,open,high,low,close,volume\n", "BTCUSDT.csv: no rows"),
        ("BTCUSDT.csv", "", "BTCUSDT.csv: empty file"),
        (
            "BTCUSDT.csv",
            "ts,open,high,low,close,volume\nyesterday,2,3,4,5,1\n",
            "column ts: no readable time.*yesterday",
        ),
        ("BTCUSDT.csv", "ts,open,high,low,close,volume\n2024-01-01,2,3,4,5,1\n", "too few rows.*--timeframe"),
        ("BTCUSDT.parquet", "not a parquet file", "BTCUSDT.parquet: of no form we know"),
        ("BTCUSDT.feather", "not a feather file", "BTCUSDT.feather: of no form we know"),
        ("BTCUSDT.csv.gz", "not gzip \x00\x01", "BTCUSDT.csv.gz"),
        ("BTCUSDT.xlsx", "PK\x03\x04", "BTCUSDT.xlsx"),
        (
            "candles.csv",
            "ts,open,high,low,close,volume,symbol\n2024-01-01,2,3,4,5,1,X\n2024-01-02,2,3,4,5,1,X\n",
            "symbol 'X' ends with none of the quotes",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_named(tmp_path: Path, name: str, content: str, message: str):
    (tmp_path / name).write_text(content)
    with pytest.raises(Misconfigured, match=message):
        read([tmp_path / name], quotes=QUOTES)


def test_missing_paths_and_unknown_symbols_are_named(tmp_path: Path):
    with pytest.raises(Misconfigured, match=r"--candles .*nowhere: no such file or folder"):
        read([tmp_path / "nowhere"], quotes=QUOTES)
    with pytest.raises(Misconfigured, match="files in this folder"):
        read([tmp_path], quotes=QUOTES)
    with pytest.raises(Misconfigured, match="--candles: name at least one"):
        read([], quotes=QUOTES)
    with pytest.raises(Misconfigured, match="--symbols: symbol 'FOO' ends with none of the quotes USDT, USDC"):
        read([write(tmp_path / "BTCUSDT.csv")], quotes=QUOTES, symbols=["FOO"])


@pytest.mark.parametrize(
    ("values", "step"),
    [
        ([1.0, 2.0], "1"),
        ([100.5, 7.25], "0.01"),
        ([0.1 + 0.2], "0.1"),
        ([1.1 * 3, 0.7 + 0.1], "0.1"),
        ([60000.01, 0.00001234], "0.00000001"),
        ([1e-8], "0.00000001"),
        ([1 / 3], "0.000000000001"),
        (["1.50", "2.125", "oops"], "0.001"),
        ([None, float("nan"), float("inf"), -0.123, 0.0, 2.5], "0.1"),
        ([], "1"),
        ([5, 7], "1"),
        ([1e308, 0.5], "0.1"),
    ],
)
def test_the_step_is_the_smallest_decimal_seen(values: list[object], step: str):
    assert observed_step(pl.Series(values, strict=False)) == Decimal(step)


def test_the_step_of_random_decimals_is_exact():
    for places in range(9):
        values = [int(value) / 10**places for value in random_panel(53 + places, 200)["volume"] * 1000]
        assert observed_step(pl.Series([*values, 1 + 10**-places])) == Decimal(1).scaleb(-places)


@pytest.mark.data
def test_real_files_are_read_and_vetted():
    folder = Path(os.environ["TRADEWIND_TEST_DATA"])
    files = read([folder / "candles" / "1h_binance"], quotes=QUOTES, symbols=["BTC/USDT", "ETH/USDT", "SOL/USDT"])
    assert [(file.symbol, file.frame.height, file.steps()[0]) for file in files] == [
        ("BTC/USDT", 58419, Decimal("0.01")),
        ("ETH/USDT", 23989, Decimal("0.01")),
        ("SOL/USDT", 46615, Decimal("0.0001")),
    ]
    for name, rows in (
        ("BTC_USDT-1h.feather", 8998),
        ("Bitstamp_BTCUSD_1h.csv.gz", 31963),
        ("Kraken_BTCUSD_1h.csv.gz", 29704),
    ):
        file = one(folder / "raw_formats" / name)
        vetted = vet(file.frame, file.timeframe)
        assert (file.timeframe, vetted.good.height, vetted.blocking) == (HOUR, rows, False)


@pytest.mark.data
def test_what_other_programs_keep_is_read_too():
    folder = Path(os.environ["TRADEWIND_TEST_DATA"])
    (sqlite,) = read([folder / "raw_formats" / "octobot_4h_4symbols.data"], quotes=QUOTES, symbols=["BTC/USDT"])
    assert (sqlite.venue, str(sqlite.timeframe), sqlite.frame.height) == ("binance", "4h", 500)
    days = sorted((folder / "lean_format").glob("crypto_coinbase_minute_btcusd_*_trade.zip"))
    (lean,) = read(days, quotes=QUOTES)
    assert (lean.venue, lean.symbol, str(lean.timeframe)) == ("coinbase", "BTC/USD", "1m")
    assert len(lean.paths) == len(days) == 2
    assert vet(lean.frame, lean.timeframe).good.height == 1007 + 1440
