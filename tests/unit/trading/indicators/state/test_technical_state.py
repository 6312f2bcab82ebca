"""Bar by bar equals the whole history: on random, gappy, flat and real bars, and after a kill; bad bars are refused."""

import os
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.fakes.random_panel import START
from trading.candle import TS, Candle
from trading.errors import BadData
from trading.indicators.state.agreement import EXACT, TOLERANCES, bounded
from trading.indicators.state.bars import COLUMNS, LENGTH
from trading.indicators.state.stored import dump, load
from trading.indicators.state.technical import Row, State, advance, begin
from trading.indicators.technical import STORED, technical_features
from trading.timeframe import Timeframe

HOUR = Timeframe.parse("1h")
#: What is told by TA-Lib's own sums and whole numbers: no history makes it differ.
STEADY = ("aroon_25", "adx_14", "directional_14", "rsi_14", "stochastic_14", "cci_20", "ultimate_oscillator", "mfi_14")


def drawn(rows: int, seed: int, gaps: float = 0.0, start: int = 0) -> pl.DataFrame:
    """Return bars of one symbol whose prices walk; `gaps` is the share of bars that are missing."""
    rng = np.random.default_rng(seed)
    close = 30_000 * np.exp(np.cumsum(rng.standard_t(4, rows) * 0.004))
    opened = np.concatenate([close[:1], close[:-1]])
    reach = np.abs(rng.normal(0, 0.002, (2, rows)))
    bars = pl.DataFrame(
        {
            "symbol": ["A/USD"] * rows,
            "ts": pl.Series([START + timedelta(hours=start + row) for row in range(rows)], dtype=TS),
            "open": opened,
            "high": np.maximum(opened, close) * (1 + reach[0]),
            "low": np.minimum(opened, close) * (1 - reach[1]),
            "close": close,
            "volume": np.round(rng.exponential(100, rows), 3),
        }
    )
    return bars.filter(pl.Series(rng.random(rows) >= gaps))


def candles(panel: pl.DataFrame) -> list[Candle]:
    return [Candle(*row) for row in panel.drop("symbol").iter_rows()]


def stepped(panel: pl.DataFrame, timeframe: Timeframe = HOUR, state: State | None = None) -> list[Row]:
    rows, state = [], state or begin(timeframe)
    for bar in candles(panel):
        state, row = advance(state, bar)
        rows.append(row)
    return rows


def differences(rows: list[Row], panel: pl.DataFrame, timeframe: Timeframe = HOUR) -> dict[str, str]:
    """Return by column what differs between `rows` and the features of the whole panel."""
    ours = pl.DataFrame(rows, schema=dict.fromkeys(STORED, pl.Float64))
    whole = technical_features(panel, timeframe)
    found = {}
    for name in STORED:
        one, other = (frame.select(bounded(name)).to_series() for frame in (ours, whole))
        if not (one.is_null() == other.is_null()).all():
            found[name] = f"null in {one.is_null().sum()}, {other.is_null().sum()} rows"
            continue
        near = TOLERANCES[name]
        off = (one - other).abs()
        worst = pl.select((off - near * pl.max_horizontal(other.abs(), pl.lit(1.0))).max()).item() or 0.0
        if worst > 0:
            found[name] = f"off by {off.max()}"
    return found


def test_random_bars(seed: int):
    panel = drawn(700, seed)
    assert differences(stepped(panel), panel) == {}


@pytest.mark.parametrize("gaps", [0.02, 0.3, 0.9])
def test_bars_with_gaps_and_a_start_off_the_higher_grids(seed: int, gaps: float):
    panel = drawn(1200 if gaps < 0.9 else 4000, seed, gaps, start=seed % 24)
    assert differences(stepped(panel), panel) == {}


def test_prices_of_few_ticks_where_highs_and_moves_are_often_equal(seed: int):
    prices = ("open", "high", "low", "close")
    panel = drawn(600, seed).with_columns((pl.col(prices) / 500).round(0).clip(lower_bound=1.0))
    assert differences(stepped(panel), panel) == {}


def test_flat_silent_and_jumping_bars(seed: int):
    still = pl.lit(100.0)
    panel = drawn(900, seed)
    row = pl.int_range(pl.len())
    flat = row.is_between(150, 300) | row.is_between(600, 660)
    panel = panel.with_columns(
        *(pl.when(flat).then(still).otherwise(pl.col(name)).alias(name) for name in ("open", "high", "low", "close")),
        volume=pl.when(row.is_between(200, 400)).then(0.0).otherwise(pl.col("volume")),
    )
    found = differences(stepped(panel), panel)
    # Where prices or volumes stand still, sums that are moved on keep dust of what was before; nothing else may differ.
    assert set(found).isdisjoint({*EXACT, *STEADY})
    assert [one for one in found.values() if not one.startswith("off by ") or float(one[7:]) > 1e-8] == []


def test_prices_that_only_rounding_tells_apart_are_alike_for_both(seed: int):
    panel = drawn(200, seed)
    # The typical prices of both bars are the same, but are added up to different last digits.
    first, second = (134.69, 134.06, 134.33), (135.31, 133.84, 133.93)
    row = pl.int_range(pl.len())
    prices = [
        pl.when(row % 2 == 0).then(one).otherwise(other).alias(name)
        for name, one, other in zip(("high", "low", "close"), first, second, strict=True)
    ]
    panel = panel.with_columns(*prices, open=134.33)
    assert len({(high + low + close) / 3.0 for high, low, close in (first, second)}) == 2
    found = differences(stepped(panel), panel)
    assert set(found).isdisjoint({*EXACT, *STEADY})


@pytest.mark.parametrize("number", range(8))
def test_windows_without_volume_have_no_balance_whatever_was_before(number: int):
    panel = drawn(400, number)
    # Volumes of very different sizes leave dust in a sum that is moved on, above 0 or below.
    sizes = 10.0 ** np.random.default_rng(number).integers(-3, 4, 400) / 3
    panel = panel.with_columns(volume=pl.when(pl.int_range(pl.len()) < 200).then(pl.Series(sizes)).otherwise(0.0))
    rows, whole = stepped(panel.head(260))[230:], technical_features(panel, HOUR)[230:260]
    for name in ("volume_balance_24", "money_flow_20"):
        assert whole[name].null_count() == whole.height
        assert [row[name] for row in rows] == [None] * whole.height


def test_a_state_that_was_written_and_read_goes_on_as_if_nothing_had_been(seed: int):
    panel = drawn(500, seed, gaps=0.05)
    whole, state, rows = stepped(panel), begin(HOUR), []
    for place, bar in enumerate(candles(panel)):
        if place % 7 == 0:
            state = load(dump(state))
        state, row = advance(state, bar)
        rows.append(row)
    assert rows == whole


def test_a_state_has_a_size_that_history_does_not_change():
    state = begin(HOUR)
    for bar in candles(drawn(LENGTH + 30, 3)):
        state, _ = advance(state, bar)
        assert all(len(one.under_way) < factor for factor, one in state.higher.items())
        assert state.window.rows.shape == (len(COLUMNS), min(state.window.count, LENGTH))
    assert state.window.count == LENGTH + 30
    assert len(dump(state)) < 60_000


def test_a_step_can_be_made_again():
    bars = candles(drawn(200, 4))
    state = begin(HOUR)
    for bar in bars[:-1]:
        state, _ = advance(state, bar)
    before = dump(state)
    _, other = advance(state, Candle(bars[-1].ts, 1.0, 9.0, 1.0, 5.0, 1.0))
    first, second = advance(state, bars[-1]), advance(state, bars[-1])
    assert first[1] == second[1] != other
    assert dump(state) == before


def test_bad_bars_are_refused_and_change_nothing():
    bars = candles(drawn(50, 5))
    state = begin(HOUR)
    for bar in bars[:40]:
        state, _ = advance(state, bar)
    late = bars[40].ts
    for bad, message in (
        (bars[39], "is not later than the last one"),
        (Candle(late + timedelta(minutes=1), 1, 1, 1, 1, 1), "does not open on the grid"),
        (Candle(late, 1, 1, 1, float("nan"), 1), "close is nan"),
        (Candle(late, 1, float("inf"), 1, 1, 1), "high is inf"),
        (Candle(late, 1, 1, 0, 1, 1), "low is 0"),
        (Candle(late, 1, 1, 1, 1, -1), "volume is -1"),
        (Candle(late, 1, 1, 2, 1, 1), "high 1 lies below low 2"),
    ):
        with pytest.raises(BadData, match=message):
            advance(state, bad)
    assert advance(state, bars[40])[0].newest == late


def test_damaged_states_are_refused():
    state = begin(HOUR)
    for bar in candles(drawn(120, 6)):
        state, _ = advance(state, bar)
    text = dump(state)
    assert dump(load(text)) == text
    damaged = (
        "",
        "{}",
        "[1]",
        "null",
        text[:-5],
        text.replace('"count":120', '"count":50'),
    )
    for one in damaged:
        with pytest.raises(BadData, match="the text is damaged"):
            load(one)
    with pytest.raises(BadData, match="form 3, not 2; compute the history anew"):
        load(text.replace('"form":2', '"form":3'))


@pytest.mark.data
@pytest.mark.parametrize(
    ("file", "timeframe", "default"),
    [("talib_golden_BTCUSDT_1h_2023H1", "1h", 900), ("talib_golden_BTCUSD_1d", "1d", 900)],
)
def test_real_bars(file: str, timeframe: str, default: int):
    rows = int(os.environ.get("TRADEWIND_TEST_STATE_ROWS", default))
    path = Path(os.environ["TRADEWIND_TEST_DATA"]) / "reference" / "indicators" / f"{file}.parquet"
    bars = pl.read_parquet(path).head(rows)
    times = bars["ts"].cast(pl.Datetime("us")).dt.replace_time_zone(None).dt.replace_time_zone("UTC")
    panel = bars.select(pl.lit("BTC/USDT").alias("symbol"), times.alias("ts"), "open", "high", "low", "close", "volume")
    assert differences(stepped(panel, Timeframe.parse(timeframe)), panel, Timeframe.parse(timeframe)) == {}
