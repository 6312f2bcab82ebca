"""Shuffled markets: the same bars in another order, and nothing of what one said of the next."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from trading.backtest.shuffle import shuffled
from trading.candle import BARS

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
START = FIRST + timedelta(hours=100)


def bars(returns: list[float], price: float = 100.0, without: tuple[int, ...] = ()) -> pl.DataFrame:
    close = price * np.cumprod(1 + np.array(returns))
    before = np.concatenate([[price], close[:-1]])
    frame = pl.DataFrame(
        {
            "ts": [FIRST + timedelta(hours=n) for n in range(len(returns))],
            "open": before * 1.001,
            "high": np.maximum(before, close) * 1.01,
            "low": np.minimum(before, close) * 0.99,
            "close": close,
            "volume": np.arange(len(returns), dtype=float),
        },
        schema=BARS,
    )
    return frame.with_row_index().filter(~pl.col("index").is_in(without)).drop("index")


def moves(frame: pl.DataFrame) -> np.ndarray:
    close = np.concatenate([frame["open"].to_numpy()[:1], frame["close"].to_numpy()])
    return close[1:] / close[:-1] - 1


def persistent(count: int, seed: int) -> list[float]:
    chance, made = np.random.default_rng(seed), [0.0]
    for _ in range(count):
        made.append(0.7 * made[-1] + float(chance.normal(0, 0.01)))
    return made[1:]


def lag(values: np.ndarray) -> float:
    return float(np.corrcoef(values[1:], values[:-1])[0, 1])


def test_bars_keep_their_shape_and_stretches_their_return() -> None:
    real = bars(persistent(600, 1))
    made = shuffled({"A": real}, START, 1, 3)["A"]
    assert made.schema == BARS
    assert made["ts"].to_list() == real["ts"].to_list()
    assert made["close"].to_list() != real["close"].to_list()
    for low, high in ((0, 100), (100, 600)):
        was, now = (sorted(frame["volume"].to_list()[low:high]) for frame in (real, made))
        assert was == now
    assert made["close"].item(99) == pytest.approx(real["close"].item(99))
    assert made["close"].item(-1) == pytest.approx(real["close"].item(-1))
    shape = {volume: high / close for volume, high, close in real.select("volume", "high", "close").iter_rows()}
    for volume, high, close in made.select("volume", "high", "close").iter_rows():
        assert high / close == pytest.approx(shape[volume])
    assert (made["high"] >= made["low"]).all()


def test_nothing_is_left_of_what_a_bar_says_of_the_next_but_within_blocks() -> None:
    real = bars(persistent(3_000, 2))
    assert lag(moves(real)) > 0.6
    assert abs(lag(moves(shuffled({"A": real}, START, 1, 3)["A"]))) < 0.06
    assert lag(moves(shuffled({"A": real}, START, 20, 3)["A"])) > 0.5


def test_bars_of_one_time_stay_together_and_missing_ones_move() -> None:
    returns = persistent(300, 4)
    one, other = bars(returns), bars(returns, price=7.0, without=(40, 150, 151))
    made = shuffled({"A": one, "B": other}, START, 1, 5)
    assert made["B"].height == 297
    together = made["A"].join(made["B"], on="ts", suffix="_b")
    assert together.height == 297
    assert (together["volume"] == together["volume_b"]).all()
    assert set(made["A"]["ts"]) - set(made["B"]["ts"]) != set(one["ts"]) - set(other["ts"])


def test_the_seed_decides() -> None:
    real = {"A": bars(persistent(200, 1))}
    first, again, other = (shuffled(real, START, 1, seed)["A"] for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)
