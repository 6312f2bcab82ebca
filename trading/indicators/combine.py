"""Combinations of features declared as data: a name and an expression in SQL over the columns of bars and features."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from trading.candle import PANEL
from trading.errors import Misconfigured
from trading.indicators.classic import CLASSIC, classic_indicators
from trading.indicators.technical import STORED, WARM_UP, technical_features
from trading.timeframe import Timeframe

#: What an expression may name: the bar, its technical features, and the classic indicators that are not among these.
COLUMNS: tuple[str, ...] = (*PANEL, *STORED, *(name for name in CLASSIC if name not in STORED))

#: A combination may look so many bars back (LAG, or frames of ROWS) beyond what its columns look back.
LOOK_BACK = 100

__all__ = ["COLUMNS", "LOOK_BACK", "WARM_UP", "Combination", "combine", "declared", "inputs"]


@dataclass(frozen=True)
class Combination:
    """A feature that is computed of others; `expression` is SQL, `columns` are those that it names."""

    name: str
    expression: str
    columns: tuple[str, ...]


def declared(text: str, source: str) -> tuple[Combination, ...]:
    """Return the combinations that the TOML `text` of `source` declares, in its order.

    Raises:
        Misconfigured: it is no TOML, an entry is no text or no expression, or names an unknown column; the message
        names
            source and entry.
    """
    try:
        entries = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(f"{source}: no TOML: {error}") from None
    return tuple(_combination(name, said, source) for name, said in entries.items())


def inputs(panel: pl.DataFrame, timeframe: Timeframe) -> pl.DataFrame:
    """Return COLUMNS for every row of `panel`, sorted by symbol, ts."""
    features = panel.select(list(PANEL)).join(technical_features(panel, timeframe), on=["symbol", "ts"], how="left")
    others = [name for name in CLASSIC if name not in STORED]
    classic = classic_indicators(panel).select("symbol", "ts", *others)
    return features.join(classic, on=["symbol", "ts"], how="left").sort("symbol", "ts").select(COLUMNS)


def combine(rows: pl.DataFrame, combinations: Sequence[Combination]) -> pl.DataFrame:
    """Return symbol, ts and a float64 column per combination of `rows` (as `inputs` gives them), symbol by symbol."""
    values = [pl.sql_expr(each.expression).cast(pl.Float64).alias(each.name) for each in combinations]
    parts = [each.select("symbol", "ts", *values) for each in rows.partition_by("symbol", maintain_order=True)]
    empty = rows.clear().select("symbol", "ts", *(pl.lit(None, pl.Float64).alias(each.name) for each in combinations))
    return pl.concat([empty, *parts])


def _combination(name: str, said: object, source: str) -> Combination:
    if not isinstance(said, str):
        raise Misconfigured(f'{source}: {name} is no text: name = "expression"')
    try:
        columns = tuple(dict.fromkeys(pl.sql_expr(said).meta.root_names()))
    except pl.exceptions.PolarsError as error:
        raise Misconfigured(f"{source}: {name}: {str(error).splitlines()[0]}") from None
    unknown = sorted(set(columns) - (set(COLUMNS) - {"symbol"}))
    if unknown:
        raise Misconfigured(
            f"{source}: {name}: unknown column {', '.join(unknown)}; `tradewind indicators list` names all"
        )
    if not columns:
        raise Misconfigured(f"{source}: {name} names no column")
    return Combination(name, said, columns)
