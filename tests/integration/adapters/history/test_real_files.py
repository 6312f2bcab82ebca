"""Each file of the real market data: what its catalogue says is wrong with it is found by name and count, no more."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from adapters.history.registry import read
from adapters.settings import Settings
from trading.market.coverage import Coverage, coverage
from trading.market.finding import Finding
from trading.market.resample import resample
from trading.market.trades import candles
from trading.timeframe import Timeframe

pytestmark = pytest.mark.data
FOLDERS = ("candles/", "derivatives/", "trades/", "raw_formats/", "lean_format/", "reference/backtest/candles/")
FOLDERS += ("reference/resample_binance_2023/",)
QUOTES = Settings().quotes
#: The two exchanges agree so well there that the seam looks like any other day.
UNSEEN_SPLICES = {"candles/1d/btcusd_1d_2011_2025.parquet"}


@dataclass(frozen=True)
class Row:
    """One line of the catalogue: the file, how many rows it has, and its known defects."""

    file: str
    rows: int | None
    defects: str

    def __str__(self) -> str:
        return self.file


def data() -> Path:
    return Path(os.environ["TRADEWIND_TEST_DATA"])


def catalogue() -> list[Row]:
    if "TRADEWIND_TEST_DATA" not in os.environ:
        return []
    rows = []
    for line in (data() / "README.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 9 and cells[0].startswith(FOLDERS):
            rows.append(Row(cells[0], int(cells[2]) if cells[2].isdigit() else None, cells[8]))
    return rows


@cache
def found_in(file: str) -> tuple[Coverage, ...]:
    series, skipped = read(data() / file, QUOTES)
    assert skipped == []
    return tuple(coverage(one.sample()) for one in series)


def named(found: tuple[Coverage, ...], *names: str) -> list[Finding]:
    return [finding for one in found for finding in one.findings if finding.check in names]


def count(found: tuple[Coverage, ...], *names: str) -> int:
    return sum(finding.count for finding in named(found, *names))


def gaps(found: tuple[Coverage, ...], said: re.Match[str], row: Row) -> None:
    (one,) = found
    assert (one.gaps, one.missing) == (int(said[1]), int(said[2]))
    assert count(found, "gap") == int(said[2])
    assert one.longest_gap is not None
    seconds = {"1m": 60, "5m": 300, "15m": 900, "1h": 3600, "4h": 14400, "1d": 86400}
    (length,) = re.findall(r"(?<=[_-])(1m|5m|15m|1h|4h|1d)(?=[_.])", row.file)
    # The catalogue measures from bar to bar.
    assert (one.longest_gap + 1) * seconds[length] / 3600 == pytest.approx(float(said[3]), abs=0.0501)


def equals(*names: str) -> Callable[[tuple[Coverage, ...], re.Match[str], Row], None]:
    def check(found: tuple[Coverage, ...], said: re.Match[str], row: Row) -> None:
        assert count(found, *names) == int(said[1].replace(",", ""))

    return check


def present(*names: str) -> Callable[[tuple[Coverage, ...], re.Match[str], Row], None]:
    def check(found: tuple[Coverage, ...], said: re.Match[str], row: Row) -> None:
        assert {finding.check for finding in named(found, *names)} == set(names)

    return check


def share_of(name: str) -> Callable[[tuple[Coverage, ...], re.Match[str], Row], None]:
    def check(found: tuple[Coverage, ...], said: re.Match[str], row: Row) -> None:
        assert round(100 * count(found, name) / sum(one.rows for one in found)) == int(said[1])

    return check


def move(found: tuple[Coverage, ...], said: re.Match[str], row: Row) -> None:
    (finding,) = named(found, "large move")
    (size,) = re.findall(r"the largest [+-]([\d.]+) \(log\)", finding.detail)
    assert float(size) == pytest.approx(float(said[1]), abs=0.01)


def splice(found: tuple[Coverage, ...], said: re.Match[str], row: Row) -> None:
    assert bool(named(found, "splice")) == (row.file not in UNSEEN_SPLICES)


def mixed_by_text(found: tuple[Coverage, ...], said: re.Match[str], row: Row) -> None:
    (finding,) = named(found, "text date disagrees")
    assert "by their text the rows would be mixed" in finding.detail
    assert "US Eastern" in finding.detail


def shared(found: tuple[Coverage, ...], said: re.Match[str], row: Row) -> None:
    assert count(found, "shared stamps") == int(said[2].replace(",", "")) - int(said[1].replace(",", ""))


def half_a_day(found: tuple[Coverage, ...], said: re.Match[str], row: Row) -> None:
    (finding,) = named(found, "span not covered")
    assert f"{finding.first_ts:%H:%M}" == "12:01"


def stops_early(found: tuple[Coverage, ...], said: re.Match[str], row: Row) -> None:
    (finding,) = named(found, "span not covered")
    assert "16:40" < f"{finding.first_ts:%H:%M}" < "16:59"
    assert finding.count > 400


CLAIMS: tuple[tuple[str, Callable[[tuple[Coverage, ...], re.Match[str], Row], None]], ...] = (
    (r"(\d+) gaps/(\d+) bars missing \(longest ([\d.]+)h\)", gaps),
    (r"(\d+) gaps by design", lambda found, said, row: assert_gaps(found, int(said[1]))),
    (r"(\d+) zero-volume bars", equals("zero volume")),
    (r"(\d+) duplicate timestamps", equals("duplicate", "conflicting duplicate")),
    (r"row order: desc", present("descending")),
    (r"row order: MIX", mixed_by_text),
    (r"\(([\d,]+) rows, 4-5 h apart\)", equals("text date disagrees")),
    (r"largest bar move ([\d.]+) \(log\)", move),
    (r"new token under the same ticker", present("ticker reuse")),
    (r"splice of two exchanges", splice),
    (r"(\d+) bars breaking high/low rule", equals("open or close outside range")),
    (r"ms of jitter", present("jitter")),
    (r"other OHLC columns are zero by design", present("constant column")),
    (r"(\d+)% of minutes without a trade, forward-filled flat bars", share_of("flat fill")),
    (r"(\d+)% flat no-trade bars", share_of("flat fill")),
    (r"one-minute wick", present("wick", "large move")),
    (r"no-trade minutes are absent|minutes without trades are absent", present("no-trade bars absent")),
    (r"only ([\d,]+) distinct ms stamps for ([\d,]+) trades", shared),
    (r"column type is all null", present("empty column")),
    (r"second resolution, no side", present("whole seconds", "no side")),
    (r"half a day only", half_a_day),
    (r"trades stop at 16:4x", stops_early),
)


def assert_gaps(found: tuple[Coverage, ...], expected: int) -> None:
    assert sum(one.gaps or 0 for one in found) == expected


@pytest.mark.parametrize("row", catalogue() or [None], ids=str)
def test_what_the_catalogue_says_is_found(row: Row) -> None:
    found = found_in(row.file)
    if row.rows is not None:
        assert sum(one.rows for one in found) == row.rows
    for pattern, check in CLAIMS:
        if said := re.search(pattern, row.defects):
            check(found, said, row)
    if "none found" in row.defects:
        assert [finding for one in found for finding in one.findings] == []


def test_the_catalogue_is_read() -> None:
    rows = catalogue()
    assert len(rows) >= 70
    assert all(any(re.search(pattern, row.defects) for row in rows) for pattern, _ in CLAIMS)


def test_answers_of_exchanges_are_read_and_all_else_is_named() -> None:
    recordings = data() / "exchange_recordings" / "nautilus"
    series, skipped = read(recordings / "kraken_json.tar.gz", QUOTES)
    (bars,) = [one for one in series if one.source.endswith("http_ohlc.json")]
    (trades,) = [one for one in series if one.source.endswith("http_trades.json")]
    # 720 committed bars and the one that is open, and says so.
    assert (bars.venue, bars.symbol, str(bars.timeframe), bars.rows.height) == ("kraken", "BTC/USDT", "1m", 721)
    assert count((coverage(bars.sample()),), "partial last bar") == 1
    assert (trades.kind, trades.symbol, trades.rows.height) == ("trades", "BTC/USDT", 1000)
    assert any("http_order_book.json" in message for message in skipped)
    names = {Path(one.source).name for one in read(recordings / "binance_json.tar.gz", QUOTES)[0]}
    assert names == {
        "agg_trade_stream.json",
        "kline_stream_closed.json",
        "kline_stream_open.json",
        "klines_response.json",
        "trade_stream.json",
        "trades_response.json",
    }


@pytest.mark.parametrize(
    ("name", "finding", "rows"),
    [
        ("bad", "null", 101),
        ("bad", "price not positive", 54),
        ("toobig", "absurd value", 1246),
        ("zeros", "price not positive", 200),
    ],
)
def test_deliberately_bad_quotes_are_bad(name: str, finding: str, rows: int) -> None:
    found = found_in(f"reference/indicators/skender_dq_{name}.csv")
    assert count(found, finding) == rows
    assert found[0].blocking


@pytest.mark.parametrize("length", ["1m", "5m"])
def test_trades_rebuild_the_candles_of_the_venue_exactly(length: str) -> None:
    (trades,), _ = read(data() / "trades" / "binance_XRPETH_trades.parquet", QUOTES)
    rebuilt = candles(trades.rows, Timeframe.parse(length))
    (wanted,), _ = read(data() / "trades" / f"binance_XRPETH_{length}_candles.feather", QUOTES)
    assert rebuilt.equals(wanted.rows.select(rebuilt.columns).cast(dict(rebuilt.schema)))


@pytest.mark.parametrize(("length", "factor", "agree"), [("15m", 3, 34_939), ("1h", 12, 8_735)])
def test_five_minutes_resample_to_what_the_venue_served(length: str, factor: int, agree: int) -> None:
    folder = data() / "reference" / "resample_binance_2023"
    (base,), _ = read(folder / "binance_BTCUSDT_5m.parquet", QUOTES)
    (served,), _ = read(folder / f"binance_BTCUSDT_{length}.parquet", QUOTES)
    panel = base.rows.with_columns(symbol=pl.lit("BTC/USDT"))
    both = resample(panel, Timeframe.parse("5m"), factor).join(served.rows, on="ts", suffix="_served")
    assert both.height == agree
    for name in ("open", "high", "low", "close"):
        assert both[name].equals(both[f"{name}_served"])
    # The venue added decimals of eight places: sums of floats differ from them in the last bit.
    assert both["volume"].round(8).equals(both["volume_served"].round(8))
