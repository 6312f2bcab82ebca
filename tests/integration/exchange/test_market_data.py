"""Reading bars and instruments through real ccxt from the real simulator, and from nowhere."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
import stamina

from adapters.exchange.clock import WallClock
from adapters.exchange.market_data import MarketData
from tests.integration.simulator.simulator_process import SimulatorProcess, instrument
from trading.candle import BARS
from trading.errors import Misconfigured, Unavailable
from trading.simulation.random_market import DEFAULT_SPECS, bars
from trading.timeframe import Timeframe

HOUR, FOUR_HOURS = Timeframe.parse("1h"), Timeframe.parse("4h")
START, NOW = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def data(simulator: SimulatorProcess) -> MarketData:
    return connected(simulator)


def connected(simulator: SimulatorProcess) -> MarketData:
    reader = MarketData(
        "binance", simulator.clock(), venue="simulator", rest_url=simulator.ready["rest_url"], rate_limit=False
    )
    simulator.closing.append(reader)
    return reader


def whole(reader: MarketData, symbol: str, timeframe: Timeframe, start: datetime, end: datetime) -> pl.DataFrame:
    return pl.concat([pl.DataFrame(schema=BARS), *reader.bars(symbol, timeframe, start, end)])


def test_bars_arrive_as_they_were_made_and_only_closed_ones(data: MarketData, simulator: SimulatorProcess):
    made = bars(5, [replace(DEFAULT_SPECS[0], lot=0.0001)], HOUR, START, NOW).drop("symbol")
    read = whole(data, "BTC/USDT", HOUR, START, NOW + timedelta(days=9))
    assert read.equals(made)
    simulator.control().advance(NOW + timedelta(minutes=90))
    more = whole(data, "BTC/USDT", HOUR, NOW, NOW + timedelta(days=9))
    assert more["ts"].to_list() == [NOW]


def test_bars_go_on_where_they_stopped_over_pages(data: MarketData, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("adapters.exchange.market_data._PAGE", 100)
    pages = list(data.bars("ETH/USDT", HOUR, START, NOW))
    assert [page.height for page in pages] == [100] * 6 + [72]
    after = pages[0]["ts"].to_list()[-1] + HOUR.delta
    assert pl.concat(pages[1:]).equals(whole(data, "ETH/USDT", HOUR, after, NOW))


def test_longer_bars_are_made_of_the_shorter(data: MarketData):
    short, long = (whole(data, "BTC/USDT", timeframe, START, NOW) for timeframe in (HOUR, FOUR_HOURS))
    merged = short.group_by_dynamic("ts", every="4h").agg(
        pl.first("open"), pl.max("high"), pl.min("low"), pl.last("close"), pl.sum("volume").round(4)
    )
    assert long.equals(merged)


def test_instruments_have_their_steps(data: MarketData):
    (found,) = data.instruments(["BTC/USDT"])
    assert (found.base, found.quote, found.tick, found.lot) == ("BTC", "USDT", Decimal("0.01"), Decimal("0.0001"))
    assert (found.min_quantity, found.min_notional, found.taker_fee) == (
        Decimal("0.0001"),
        Decimal(5),
        Decimal("0.001"),
    )


def test_files_are_replayed_with_their_gaps(start_simulator: Callable[..., SimulatorProcess], tmp_path: Path):
    frame = bars(3, DEFAULT_SPECS[:1], HOUR, START, START + timedelta(days=30)).drop("symbol")
    frame = frame.with_columns(pl.col("volume").round(4))
    gap = (START + timedelta(days=5), START + timedelta(days=7))
    kept = frame.filter(~pl.col("ts").is_between(*gap, closed="left"))
    folder = tmp_path / "files"
    folder.mkdir()
    kept.write_parquet(folder / "BTCUSDT.parquet")
    simulator = start_simulator(
        market={"kind": "files", "folder": str(folder)},
        instruments=[instrument("BTC/USDT")],
        clock={"kind": "stepped", "start": "2026-02-28T00:00:00Z"},
    )
    now = datetime(2026, 2, 28, tzinfo=UTC)
    read = whole(connected(simulator), "BTC/USDT", HOUR, START - timedelta(days=90), now)
    assert read.equals(kept.filter(pl.col("ts") < now))
    control = simulator.control()
    assert not control.state().finished
    control.advance(START + timedelta(days=30))
    assert control.state().finished


def test_an_unknown_symbol_timeframe_or_exchange_is_named(data: MarketData):
    with pytest.raises(Misconfigured, match=r"BTC/XYZ.*it has BTC/USDT.*--symbols"):
        data.instruments(["BTC/XYZ"])
    with pytest.raises(Misconfigured, match="--timeframe"):
        list(data.bars("BTC/USDT", Timeframe.parse("7m"), START, NOW))
    with pytest.raises(Misconfigured, match=r"'nowhere'.*--exchange"):
        MarketData("nowhere", WallClock(), venue="nowhere")


def test_without_a_network_one_clear_line_says_so():
    reader = MarketData("kraken", WallClock(), venue="kraken", rest_url="http://127.0.0.1:9", timeout=1.0)
    with stamina.set_testing(True, attempts=2), pytest.raises(Unavailable, match="kraken does not answer") as failure:
        reader.instruments(["BTC/USD"])
    assert "\n" not in str(failure.value)
    reader.close()


@pytest.mark.data
def test_real_candles_come_back_as_they_are(start_simulator: Callable[..., SimulatorProcess], tmp_path: Path):
    source = Path(os.environ["TRADEWIND_TEST_DATA"]) / "candles/1h_binance/binance_LUNAUSDT_1h.parquet"
    frame = pl.read_parquet(source).select(BARS.names()).cast(dict(BARS)).sort("ts")
    frame.write_parquet(tmp_path / "LUNAUSDT.parquet")
    last = frame["ts"].to_list()[-1]
    simulator = start_simulator(
        market={"kind": "files", "folder": str(tmp_path)},
        instruments=[instrument("LUNA/USDT", tick="0.00000001", lot="0.001")],
        clock={"kind": "stepped", "start": (last + HOUR.delta).isoformat()},
    )
    first = frame["ts"].to_list()[0]
    assert whole(connected(simulator), "LUNA/USDT", HOUR, first, last + HOUR.delta).equals(frame)
