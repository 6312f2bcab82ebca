"""Combinations and custom indicators: what may join, and what is refused with its name and its first wrong row."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from adapters.indicator_files import shipped
from tests.fakes.random_panel import random_panel
from trading.errors import BadData, Misconfigured
from trading.indicators.admission import admit, try_combinations, try_indicator
from trading.indicators.combine import COLUMNS, combine, declared, inputs
from trading.indicators.custom import Indicator, custom, indicator
from trading.indicators.registry import families
from trading.timeframe import Timeframe

HOUR = Timeframe.parse("1h")
CLOSE = pl.col("close")


def entry(expression: str) -> str:
    return f"mine = '''{expression}'''"


def test_the_shipped_combinations_stand_their_trials() -> None:
    chosen = shipped().combinations
    assert len(chosen) >= 5
    assert try_combinations(chosen) == []
    panel = random_panel(1, 600)
    (family,) = (one for one in families(chosen, []) if one.name == "combinations")
    values = family.compute(panel, HOUR)
    assert values.columns == ["symbol", "ts", *family.columns]
    assert values.height == panel.height
    late = values.filter(pl.int_range(pl.len()).over("symbol") >= family.warm_up)
    assert sum(late.null_count().row(0)) == 0
    row, told = inputs(panel, HOUR).row(-1, named=True), values.row(-1, named=True)
    assert told["trend_strength"] == pytest.approx(row["directional_14"] / 100 * min(row["adx_14"] / 50, 1))
    signs = sum(np.sign(row[name]) for name in ("ema_gap_12", "ema_gap_12_x4", "ema_gap_12_x24"))
    assert told["timeframe_agreement"] == pytest.approx(signs / 3)


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("LEAD(close, 1) OVER (ORDER BY ts)", "mine looks ahead: A/USD 2024-"),
        ("close / MAX(close)", "mine looks ahead: A/USD 2024-"),
        ("AVG(close) OVER (PARTITION BY ts)", None),
        ("close / volume", "mine is not finite: inf for A/USD 2024-"),
        ("LN(close - 100)", "mine is not finite: nan for A/USD 2024-"),
        ("FIRST(close)", "taken away: warm-up 100 is too short"),
        ("SUM(volume) OVER (ORDER BY ts)", "taken away: warm-up 100 is too short"),
        ("LAG(close, 150) OVER (ORDER BY ts)", "its warm-up is longer than 100"),
        ("LAG(close, 90) OVER (ORDER BY ts)", None),
    ],
)
def test_a_combination_is_tried(expression: str, complaint: str | None) -> None:
    found = try_combinations(declared(entry(expression), "mine.toml"))
    assert len(found) == (complaint is not None)
    assert complaint is None or complaint in found[0]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (entry("nothing * 2"), "mine.toml: mine: unknown column nothing"),
        (entry("symbol"), "mine.toml: mine: unknown column symbol"),
        (entry("close +"), "mine.toml: mine: unable to parse"),
        (entry("close; drop table x"), "mine.toml: mine: invalid expression"),
        (entry("1 + 1"), "mine.toml: mine names no column"),
        (entry("read_csv('secrets')"), "mine.toml: mine: unsupported function"),
        ("mine = 3", "mine.toml: mine is no text"),
        ("mine = ", "mine.toml: no TOML"),
    ],
)
def test_what_is_no_combination_is_refused_by_name(text: str, complaint: str) -> None:
    with pytest.raises(Misconfigured, match=complaint.replace("+", r"\+")):
        declared(text, "mine.toml")


def test_inputs_have_all_columns_once() -> None:
    assert len(set(COLUMNS)) == len(COLUMNS) > 80
    rows = inputs(random_panel(2, 100), HOUR)
    assert tuple(rows.columns) == COLUMNS
    assert combine(rows.clear(), shipped().combinations).is_empty()


Compute = Callable[[pl.DataFrame], pl.Expr | pl.Series]
SOUND: Compute = lambda bars: CLOSE.rolling_mean(10)  # noqa: E731


@pytest.mark.parametrize(
    ("compute", "warm_up", "complaint"),
    [
        (SOUND, 10, None),
        (SOUND, 9, None),
        (lambda bars: bars["close"].rolling_mean(10), 10, None),
        (SOUND, 8, "mine has no value for A/USD 2024-01-01 13:00:00+00:00, 8 rows after the first"),
        (lambda bars: CLOSE.rolling_mean(11, center=True), 10, "mine looks ahead: A/USD 2024-01-01"),
        (lambda bars: CLOSE - bars["close"].mean(), 0, "mine looks ahead: A/USD 2024-01-01 05:00"),
        (lambda bars: CLOSE / pl.col("volume"), 0, "mine is not finite: inf"),
        (lambda bars: CLOSE.ewm_mean(span=20, adjust=False), 20, "taken away: warm-up 20 is too short"),
        (lambda bars: CLOSE.ewm_mean(span=20, adjust=False), 250, None),
        (lambda bars: pl.col("volume").cum_sum(), 50, "taken away: warm-up 50 is too short"),
    ],
)
def test_an_indicator_is_tried(compute: Compute, warm_up: int, complaint: str | None) -> None:
    found = try_indicator(Indicator("mine", warm_up, "", compute))
    assert bool(found) == (complaint is not None)
    assert complaint is None or complaint in found[0]


@pytest.mark.parametrize(
    ("compute", "complaint"),
    [
        (lambda bars: bars["close"][:-1], "99 values of Float64 for 100 bars"),
        (lambda bars: bars["symbol"], "100 values of String"),
        (lambda bars: pl.col("nothing"), "ColumnNotFoundError"),
        (lambda bars: 1 / 0, "ZeroDivisionError"),
        (lambda bars: None, "indicator mine, A/USD: "),
    ],
)
def test_an_indicator_that_fails_is_named(compute: Compute, complaint: str) -> None:
    with pytest.raises(BadData, match=complaint) as raised:
        custom(random_panel(3, 100, ("A/USD",)), [Indicator("mine", 0, "", compute)])
    assert "indicator mine, A/USD" in str(raised.value)


def test_names_and_warm_ups_are_checked_and_no_name_is_given_twice() -> None:
    with pytest.raises(Misconfigured, match="a name is of the form"):
        indicator("Not a name", 3)
    with pytest.raises(Misconfigured, match="warm_up -1 is below 0"):
        indicator("mine", -1)
    mine = indicator("mine", 10)(SOUND)
    with pytest.raises(Misconfigured, match="indicator mine: there is another"):
        families([], [mine, mine])
    with pytest.raises(Misconfigured, match="indicator rsi_14: there is another"):
        families(declared("rsi_14 = 'close'", "x"), [])


def test_only_what_is_sound_is_admitted() -> None:
    admit(shipped().combinations, [indicator("mine", 10)(SOUND)])
    with pytest.raises(Misconfigured, match="indicator mine looks ahead"):
        admit([], [indicator("mine", 10)(lambda bars: CLOSE.shift(-1))])
    with pytest.raises(Misconfigured, match="indicator mine looks ahead"):
        admit(declared(entry("MAX(close)"), "x"), [])


def test_one_symbol_and_an_empty_panel() -> None:
    mine = indicator("mine", 10)(SOUND)
    assert custom(random_panel(4, 50).clear(), [mine]).columns == ["symbol", "ts", "mine"]
    both, alone = random_panel(4, 50), random_panel(4, 50).filter(pl.col("symbol") == "B/USD")
    assert custom(both, [mine]).filter(pl.col("symbol") == "B/USD").equals(custom(alone, [mine]))
