"""What every feature must stand before it is used: no look ahead, finite values, a warm-up that is what it says."""

from collections.abc import Callable, Sequence
from datetime import datetime

import polars as pl

from trading.indicators.causality import leaks

Compute = Callable[[pl.DataFrame], pl.DataFrame]

#: Largest difference, as a share of the value where it is beyond 1, that a later start of history may make.
TOLERANCE = 1e-9
_KEY = ("symbol", "ts")


def looks_ahead(compute: Compute, panel: pl.DataFrame, cuts: Sequence[datetime]) -> list[str]:
    """Return for each column of `compute(panel)` that later rows change a sentence with the first such row."""
    found = dict[str, str]()
    for leak in sorted(leaks(compute, panel, cuts), key=lambda leak: (leak.first_ts, leak.cut)):
        told = f"looks ahead: {leak.first_symbol} {leak.first_ts} changes with the rows after {leak.cut}"
        found.setdefault(leak.column, f"{leak.column} {told}")
    return list(found.values())


def not_finite(compute: Compute, panel: pl.DataFrame) -> list[str]:
    """Return for each column of `compute(panel)` that has NaN or infinity a sentence with the first such row."""
    values = compute(panel)
    found = list[str]()
    for name in _numbers(values):
        wrong = values.filter(~pl.col(name).is_finite()).sort("ts", "symbol")
        if wrong.height:
            row = wrong.row(0, named=True)
            found.append(f"{name} is not finite: {row[name]} for {row['symbol']} {row['ts']}")
    return found


def wrong_warm_up(compute: Compute, panel: pl.DataFrame, warm_up: int, starts: Sequence[int]) -> list[str]:
    """Return for each column whose values begin later than after `warm_up` rows, or rest on older rows, a sentence.

    `starts` are the rows of each symbol at which a shorter history begins: after `warm_up` rows it must tell what the
    whole one does.
    """
    whole = compute(panel).with_columns(place=pl.int_range(pl.len()).over("symbol"))
    names, found = _numbers(whole.drop("place")), dict[str, str]()
    for name in names:
        late = whole.filter((pl.col("place") >= warm_up) & pl.col(name).is_null()).sort("ts", "symbol")
        if late.height:
            row = late.row(0, named=True)
            told = f"has no value for {row['symbol']} {row['ts']}, {row['place']} rows after the first"
            found[name] = f"{name} {told}: its warm-up is longer than {warm_up}"
    for start in starts:
        kept = panel.filter(pl.int_range(pl.len()).over("symbol") >= start)
        short = compute(kept).filter(pl.int_range(pl.len()).over("symbol") >= warm_up)
        both = short.join(whole, on=_KEY, how="inner", suffix="|whole").sort("ts", "symbol")
        for name in names:
            if name not in found and (told := _apart(both, name)):
                found[name] = (
                    f"{name} {told} when the first {start} rows are taken away: warm-up {warm_up} is too short"
                )
    return list(found.values())


def _apart(both: pl.DataFrame, name: str) -> str | None:
    a, b = pl.col(name), pl.col(f"{name}|whole")
    near = (a - b).abs() <= TOLERANCE * pl.max_horizontal(b.abs(), 1.0)
    apart = both.filter(~(near.fill_null(value=False) | a.eq_missing(b)))
    if apart.is_empty():
        return None
    row = apart.row(0, named=True)
    return f"of {row['symbol']} {row['ts']} is {row[name]} instead of {row[f'{name}|whole']}"


def _numbers(frame: pl.DataFrame) -> list[str]:
    return [name for name, kind in frame.schema.items() if name not in _KEY and kind.is_numeric()]
