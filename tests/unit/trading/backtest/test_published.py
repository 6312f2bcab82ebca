"""A published backtest of freqtrade, traded again: its recorded entries and exits as signals, its prices out.

The 179 trades and their candles are in the reference data. A trade enters by a market order at the open; it leaves by a
limit order at the recorded rate (roi), a stop at the recorded rate, or a market order at the open (force_exit). Its
stake is far below a quarter of what trades, and the market is frictionless, as it is there.
"""

import gzip
import json
import os
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from trading.backtest import engine
from trading.backtest.engine import Engine, Setup
from trading.backtest.source import Source
from trading.fill import Fill
from trading.instrument import Instrument
from trading.limits import Limits
from trading.order import Side
from trading.quote import Quote
from trading.simulation.grid import GridBars, on_grid
from trading.strategies.knowledge import Knowledge
from trading.strategies.strategy import Desire, Parameters, Registered, Row, as_held, flat
from trading.timeframe import EPOCH, Timeframe

pytestmark = pytest.mark.data

FIVE = Timeframe.parse("5m")
HOLD = as_held("as recorded")
ENTER = Desire(Decimal("0.1"), None, "as recorded")
#: A market so calm that sizing scales nothing down.
VOLATILITY = 1e-6
FEE = 0.0025
#: Recorded rates have more places than the venue's prices.
TICK = 1e-8


@dataclass(frozen=True)
class Candles(Source):
    """The candles of one pair as a source: what is known at a close is the last candle."""

    symbol: str
    rows: Mapping[datetime, Mapping[str, float]]

    def at(self, bar: datetime) -> Mapping[str, Knowledge]:
        while bar not in self.rows:
            bar -= FIVE.delta
        return {self.symbol: Knowledge(self.rows[bar], {"volatility_24": VOLATILITY})}

    def closed_by(self, bar: datetime) -> Mapping[str, str]:
        return {}


def folder() -> Path:
    return Path(os.environ["TRADEWIND_TEST_DATA"]) / "reference" / "backtest"


def published() -> dict[str, list[dict[str, Any]]]:
    """The recorded trades by pair, oldest first."""
    result = json.loads(gzip.decompress((folder() / "freqtrade_backtest-result.json.gz").read_bytes()))
    (strategy,) = result["strategy"].values()
    trades: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for trade in sorted(strategy["trades"], key=lambda one: one["open_timestamp"]):
        trades[trade["pair"]].append(trade)
    return trades


def desires(trades: list[dict[str, Any]], source: Candles) -> dict[float, Desire]:
    """What is desired from each moment on at which that changes, by seconds since the epoch."""
    wanted: dict[float, Desire] = {}
    for trade in trades:
        entered, left = (datetime.fromisoformat(trade[name]) for name in ("open_date", "close_date"))
        rate = Decimal(repr(trade["close_rate"]))
        wanted[(entered - EPOCH).total_seconds()] = ENTER
        wanted[(entered + FIVE.delta - EPOCH).total_seconds()] = HOLD
        known = Decimal(repr(source.at(left - FIVE.delta)[source.symbol].candle["close"]))
        exits = {
            "roi": Desire(None, None, "as recorded", (Quote(Side.SELL, rate, Decimal(0)),)),
            "stop_loss": Desire(None, 1 - rate / known, "as recorded"),
            "force_exit": flat("as recorded"),
        }
        wanted[(left - EPOCH).total_seconds()] = exits[trade["exit_reason"]]
        wanted.setdefault((left + FIVE.delta - EPOCH).total_seconds(), flat("as recorded"))
    return wanted


def traded(pair: str, trades: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> tuple[list[Fill], Candles]:
    """Trade the recorded trades of `pair` on its candles; return the fills, oldest first, and the candles."""
    base, quote = pair.split("/")
    frame = pl.read_ipc(folder() / "candles" / f"{base}_{quote}-5m.feather").rename({"date": "ts"})
    frame = frame.with_columns(pl.col("ts").dt.cast_time_unit("us"))
    source = Candles(pair, {row["ts"]: row for row in frame.iter_rows(named=True)})
    instrument = Instrument(
        "reference", pair, base, quote, *map(Decimal, ("1e-8", "1e-8", "1e-8", "1e-8", "0.0025", "0.0025"))
    )
    bars = GridBars([pair])
    bars.append(pair, on_grid(frame, instrument))
    wanted = desires(trades, source)
    last = flat("not yet")

    def recorded(row: Row, _: Parameters) -> Desire:
        nonlocal last
        closed_at = row["closed_at"]
        assert isinstance(closed_at, float)
        last = wanted.get(closed_at, last)
        return last

    monkeypatch.setattr(engine, "strategy", lambda _: Registered(recorded, Parameters, lambda _: ("closed_at",)))
    start = datetime.fromisoformat(trades[0]["open_date"])
    steps = (datetime.fromisoformat(trades[-1]["close_date"]) - start) // FIVE.delta + 2
    setup = Setup(
        book="book",
        venue="reference",
        timeframe=FIVE,
        instruments=[instrument],
        strategies={"recorded": Parameters()},
        start=start,
        steps=steps,
        capital=Decimal("0.01"),
        limits=Limits(max_drawdown=Decimal(1)),
        half_spread_bps=Decimal(0),
    )
    return list(Engine(setup, bars, source).run().fills), source


def test_the_published_trades_come_out_with_their_prices_and_profits(monkeypatch: pytest.MonkeyPatch):
    told = Counter[str]()
    for pair, trades in published().items():
        fills, source = traded(pair, trades, monkeypatch)
        assert len(fills) == 2 * len(trades)
        for bought, sold, trade in zip(fills[::2], fills[1::2], trades, strict=True):
            where = (pair, trade["open_date"])
            entered, left = (datetime.fromisoformat(trade[name]) for name in ("open_date", "close_date"))
            assert (bought.side, bought.ts, sold.side) == (Side.BUY, entered, Side.SELL), where
            assert left <= sold.ts <= left + FIVE.delta, where
            assert float(bought.price) == pytest.approx(trade["open_rate"], rel=1e-9), where
            # It records the target also where the market opened above it, and nobody could sell as low.
            opened = source.rows[left]["open"]
            above = trade["exit_reason"] == "roi" and opened > trade["close_rate"] + TICK
            rate = opened if above else trade["close_rate"]
            assert float(sold.price) == pytest.approx(rate, abs=1.01 * TICK), where
            if not above:
                ratio = float(sold.price) * (1 - FEE) / (float(bought.price) * (1 + FEE)) - 1
                assert ratio == pytest.approx(trade["profit_ratio"], abs=1.5 * TICK / trade["open_rate"]), where
            told[f"{trade['exit_reason']}{' above its target' if above else ''}"] += 1
    assert told == {"roi": 134, "roi above its target": 36, "stop_loss": 6, "force_exit": 3}
