"""Each form that programs and venues write: the same bars come out, with venue, symbol and timeframe."""

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.adapters.history.made import BARS, SECONDS, START, assert_bars, lines, one, rows, series_of
from trading.errors import Misconfigured

TIMES = ["2024-03-01 00:00:00", "2024-03-01 01:00:00", "2024-03-01 02:00:00"]
DATED = [[time, *bar] for time, bar in zip(TIMES, BARS, strict=True)]
HEADER = "timestamp,open,high,low,close,volume"
TABLES: dict[str, tuple[str, bytes]] = {
    "seconds": ("binance_BTC-USDT_1h.csv", lines(HEADER, *rows(1))),
    "milliseconds": ("binance_BTC-USDT_1h.csv", lines(HEADER, *rows(1000))),
    "microseconds": ("binance_BTC-USDT_1h.csv", lines(HEADER, *rows(1_000_000))),
    "nanoseconds": ("binance_BTC-USDT_1h.csv", lines(HEADER, *rows(1_000_000_000))),
    "text": ("binance_BTC-USDT_1h.csv", lines(HEADER, *DATED)),
    "iso": ("binance_BTC-USDT_1h.csv", lines(HEADER, *([d[0].replace(" ", "T") + "Z", *d[1:]] for d in DATED))),
    "zoned": ("binance_BTC-USDT_1h.csv", lines(HEADER, *([d[0] + "+00:00", *d[1:]] for d in DATED))),
    "named UTC": ("binance_BTC-USDT_1h.csv", lines(HEADER, *([d[0] + " UTC", *d[1:]] for d in DATED))),
    "day first": (
        "binance_BTC-USDT_1h.csv",
        lines(HEADER, *([f"01.03.2024 0{n}:00", *b] for n, b in enumerate(BARS)), ["31.12.2023 00:00", 1, 1, 1, 1, 1]),
    ),
    "month first": ("binance_BTC-USDT_1h.csv", lines(HEADER, *([f"3/1/2024 0{n}:00", *b] for n, b in enumerate(BARS)))),
    "12 hours": (
        "binance_BTC-USDT_1h.csv",
        lines(HEADER, *([f"2024-03-01 {h}-AM", *b] for h, b in zip(("12", "01", "02"), BARS, strict=True))),
    ),
    "semicolons": ("binance_BTC-USDT_1h.csv", lines(HEADER, *rows(1)).replace(b",", b";")),
    "decimal commas": ("binance_BTC-USDT_1h.csv", lines(HEADER, *rows(1)).replace(b",", b";").replace(b".", b",")),
    "thousands": ("binance_BTC-USDT_1h.csv", lines(HEADER, *([r[0], f'"0,{r[1]}"', *r[2:]] for r in rows(1)))),
    "tabs and a title": ("binance_BTC-USDT_1h.csv", b"my export\n\n" + lines(HEADER, *rows(1)).replace(b",", b"\t")),
    "cryptodatadownload": (
        "Binance_BTCUSDT_1h.csv",
        lines(
            "https://www.CryptoDataDownload.com",
            "Unix,Date,Symbol,Open,High,Low,Close,Volume BTC,Volume USDT,tradecount",
            *(
                [r[0], t, "BTCUSDT", *r[1:], r[5] * r[4], 9]
                for r, t in reversed(list(zip(rows(1000), TIMES, strict=True)))
            ),
        ),
    ),
    "hummingbot": (
        "candles_binance_BTC-USDT_1h.csv",
        lines(HEADER + ",quote_asset_volume,n_trades", *rows(1, "ohlcv", 5.5, 3)),
    ),
    "jesse": ("binance_BTC-USDT_1h.csv", lines("timestamp,open,close,high,low,volume", *rows(1000, "ochlv"))),
    "short names": ("binance_BTC-USDT_1h.csv", lines("t,o,h,l,c,v", *rows(1000))),
    "binance vision": ("binance_BTCUSDT-1h-2024-03.csv", lines(*rows(1000, "ohlcv", 1, 5.0, 3, 1.0, 2.0, 0))),
    "kraken bulk": ("binance_XBTUSDT_60.csv", lines(*rows(1, "ohlcv", 3))),
    "no header, jesse's order": ("binance_BTCUSDT_1h.csv", lines(*rows(1000, "ochlv"))),
    "no header, coinbase's order": ("binance_BTCUSDT_1h.csv", lines(*rows(1, "lhocv"))),
    "freqtrade json": ("binance_BTC_USDT-1h.json", json.dumps(rows()).encode()),
    "json records": (
        "binance_BTC-USDT_1h.json",
        json.dumps([dict(zip(HEADER.split(","), r, strict=True)) for r in rows()]).encode(),
    ),
    "binance answer": ("binance_BTCUSDT_1h.json", json.dumps(rows(1000, "ohlcv", 1, "5.0", 3, "1", "2", "0")).encode()),
    "bybit answer": (
        "any.json",
        json.dumps(
            {
                "retCode": 0,
                "result": {"symbol": "BTCUSDT", "list": [[*map(str, r), "1"] for r in rows()][::-1]},
                "time": 1_800_000_000_000,
            }
        ).encode(),
    ),
    "okx answer": (
        "okx_BTC-USDT_1h.json",
        json.dumps(
            {
                "code": "0",
                "msg": "",
                "data": [[*map(str, r), str(r[5] * r[4]), str(r[5] * r[4]), "1"] for r in rows()][::-1],
            }
        ).encode(),
    ),
    "okx answer in contracts": (
        "okx_BTC-USDT_1h.json",
        json.dumps(
            {
                "code": "0",
                "data": [[*map(str, r[:5]), str(r[5] * 100), str(r[5]), str(r[5] * r[4]), "1"] for r in rows()],
            }
        ).encode(),
    ),
    "kraken answer": (
        "any.json",
        json.dumps(
            {
                "error": [],
                "result": {"XBTUSDT": [[*r[:5], str(r[4]), str(r[5]), 4] for r in rows(1)], "last": SECONDS[-1]},
            }
        ).encode(),
    ),
    "kucoin answer": (
        "kucoin_BTC-USDT_1h.json",
        json.dumps({"code": "200000", "data": [[*map(str, r), "9"] for r in rows(1, "ochlv")]}).encode(),
    ),
    "gate answer": (
        "gate_BTC-USDT_1h.json",
        json.dumps([[str(r[0]), "9", *map(str, r[1:]), "true"] for r in rows(1, "chlov")]).encode(),
    ),
    "mexc answer": ("mexc_BTC-USDT_1h.json", json.dumps([[*r, r[0] + 3_600_000, "9"] for r in rows()]).encode()),
    "bitget answer": (
        "bitget_BTC-USDT_1h.json",
        json.dumps(
            {"code": "00000", "data": [[*map(str, r), str(r[5] * r[4]), str(r[5] * r[4])] for r in rows()]}
        ).encode(),
    ),
    "json lines": (
        "binance_BTC-USDT_1h.jsonl",
        b"\n".join(json.dumps(dict(zip(HEADER.split(","), r, strict=True))).encode() for r in rows()),
    ),
    "day and time apart": (
        "binance_BTC-USDT_1h.csv",
        lines("Date,Time,Open,High,Low,Close,Volume", *(["2024.03.01", f"0{n}:00", *b] for n, b in enumerate(BARS))),
    ),
    "coinapi": (
        "binance_BTC-USDT_1h.csv",
        lines("time_period_start,price_open,price_high,price_low,price_close,volume_traded", *DATED),
    ),
    "two volumes": (
        "binance_BTC-USDT_1h.csv",
        lines("Timestamp,Open,High,Low,Close,Volume_(BTC),Volume_(Currency),Weighted_Price", *rows(1, "ohlcv", 5.5, 3)),
    ),
    "coinbase answer": (
        "coinbase_BTC-USDT.json",
        json.dumps(
            {
                "candles": [
                    dict(zip(("start", "open", "high", "low", "close", "volume"), map(str, r), strict=True))
                    for r in rows(1)
                ]
            }
        ).encode(),
    ),
}


@pytest.mark.parametrize("form", TABLES)
def test_every_form_gives_the_same_bars(tmp_path: Path, form: str) -> None:
    name, content = TABLES[form]
    found = one(tmp_path, name, content)
    if form == "day first":
        assert found.rows["ts"].to_list()[:2] == [START, START + timedelta(hours=1)]
        return
    assert_bars(found)
    assert found.symbol == "BTC/USDT"
    assert found.venue in ("binance", "bybit", "okx", "kraken", "coinbase", "kucoin", "gate", "mexc", "bitget")
    assert found.kind == "candles"


def test_the_unix_column_is_believed_and_the_text_kept_to_compare(tmp_path: Path) -> None:
    found = one(tmp_path, *TABLES["cryptodatadownload"])
    assert found.form == "cryptodatadownload csv"
    assert found.rows["text_ts"].to_list() == found.rows["ts"].to_list()
    assert "believed" in found.notes[0]
    assert {"quote_volume", "trades"} <= set(found.rows.columns)


def test_each_stamp_is_read_in_its_own_unit(tmp_path: Path) -> None:
    mixed = [rows(1)[0], rows(1000)[1], rows(1_000_000)[2]]
    found = one(tmp_path, "binance_BTC-USDT_1h.csv", lines(HEADER, *mixed))
    assert_bars(found)
    assert found.rows["unit"].to_list() == ["s", "ms", "us"]


def lean_zip(member: str, *rows_: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(member, "\n".join(rows_))
    return buffer.getvalue()


def test_leans_day_stands_in_its_name(tmp_path: Path) -> None:
    bars = lean_zip("20240301_btcusd_hour_trade.csv", "0,1,2,1,2,3", "3600000,2,2,1,1,3")
    found = one(tmp_path, "crypto/kraken/hour/btcusd/20240301_trade.zip", bars)
    assert (found.venue, found.symbol, str(found.timeframe), found.kind) == ("kraken", "BTC/USD", "1h", "candles")
    assert found.rows["ts"].to_list() == [START, START + timedelta(hours=1)]
    assert found.span == (START, START + timedelta(days=1))
    quotes = lean_zip("20240301_btcusd_minute_quote.csv", "0,1,2,1,2,3,4,5,4,5,6", "90000000,1,2,1,2,3,4,5,4,5,6")
    found = one(tmp_path, "crypto_kraken_minute_btcusd_20240301_quote.zip", quotes)
    assert found.kind == "quotes"
    assert found.rows["ts"].to_list() == [START, None]
    shares = lean_zip("20240301_spy_minute_trade.csv", "0,4000000,4000100,3999900,4000000,3")
    found = one(tmp_path, "20240301_trade.zip", shares)
    assert (found.symbol, found.rows["open"].to_list()) == ("SPY", [400.0])
    with pytest.raises(Misconfigured, match="has 6 columns, this has 3"):
        one(tmp_path, "x.zip", lean_zip("20240301_btcusd_minute_trade.csv", "0,1,2"))


def test_one_table_may_hold_many_markets(tmp_path: Path) -> None:
    head = "exchange,symbol,interval," + HEADER
    many = [["Kraken", s, "1h", *r] for s in ("BTC/USD", "ETH/USD") for r in rows()]
    found = series_of(tmp_path, "all.csv", lines(head, *many))
    assert [(f.venue, f.symbol, str(f.timeframe), f.rows.height) for f in found] == [
        ("kraken", "BTC/USD", "1h", 3),
        ("kraken", "ETH/USD", "1h", 3),
    ]


@pytest.mark.parametrize(
    ("name", "venue", "symbol"),
    [
        ("coinbase_USDTUSD_1h.csv", "coinbase", "USDT/USD"),
        ("kraken_DOTUSD_1h.csv", "kraken", "DOT/USD"),
        ("binance_BTCUSDT_perp_1h.csv", "binance_perp", "BTC/USDT"),
        ("BTC_USDT_USDT-1h-futures.csv", "futures", "BTC/USDT"),
        ("kraken_XBTEUR_1h.csv", "kraken", "BTC/EUR"),
    ],
)
def test_names_tell_venue_and_symbol(tmp_path: Path, name: str, venue: str, symbol: str) -> None:
    found = one(tmp_path, name, lines(HEADER, *rows(1)))
    assert (found.venue, found.symbol) == (venue, symbol)
