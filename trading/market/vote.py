"""Venues vote: a bar is believed when most of those who tell its price agree, or when their own histories decide.

Two that contradict each other prove only that one is wrong. Which one shows in its own past: a price that leaps from
where it was while the other stands still is an error; where both or none has leapt, nobody is believed.
"""

from collections.abc import Mapping
from statistics import median

import polars as pl

from trading.candle import BARS

#: The prices that are compared: what a feature is made of.
COMPARED = ("high", "low", "close")
#: A venue has leapt when its move is so many times its usual one, and larger than what is tolerated between venues.
LEAP = 8.0
#: So many bars say what is usual.
USUAL_BARS = 240

ACCEPTED, HELD, REFUSED = "accepted", "held", "refused"

VERDICTS = pl.Schema({"ts": BARS["ts"], "verdict": pl.String, "detail": pl.String})


def vote(own: pl.DataFrame, others: Mapping[str, pl.DataFrame], tolerance: float) -> pl.DataFrame:
    """Return ts, verdict and detail for each of the `own` bars that another venue tells of and contradicts.

    Args:
        own: sound bars of one symbol (BARS), sorted, some history before those that are in question.
        others: the same of other venues, by name; prices in the same quote currency.
        tolerance: how far prices of two venues may lie apart, as a fraction.

    """
    tables = {"": own, **others}
    marked = {name: _with_moves(bars, tolerance) for name, bars in tables.items() if bars.height}
    if "" not in marked or len(marked) == 1:
        return pl.DataFrame(schema=VERDICTS)
    joined = marked[""]
    for name, bars in marked.items():
        if name:
            joined = joined.join(bars.rename({c: f"{c} {name}" for c in bars.columns if c != "ts"}), "ts", "left")
    rows = [_judge(row, [*marked], tolerance) for row in joined.iter_rows(named=True)]
    return pl.DataFrame([row for row in rows if row[1] != ACCEPTED], schema=VERDICTS, orient="row")


def _with_moves(bars: pl.DataFrame, tolerance: float) -> pl.DataFrame:
    """Return ts, the compared prices, and whether one of them leaps from the close before it."""
    before = pl.col("close").shift(1).log()
    usual = (pl.col("close").log() - before).abs().rolling_median(USUAL_BARS, min_samples=1).shift(1)
    limit = pl.max_horizontal(usual * LEAP, pl.lit(tolerance / 2))
    furthest = pl.max_horizontal((pl.col(name).log() - before).abs() for name in COMPARED)
    return bars.sort("ts").select("ts", *COMPARED, leaps=furthest > limit)


def _judge(row: Mapping[str, object], names: list[str], tolerance: float) -> tuple[object, str, str]:
    """Return ts, verdict and detail of one own bar: the first of its prices that is not accepted decides."""
    for price in COMPARED:
        told = {name: row[_column(price, name)] for name in names if row[_column(price, name)] is not None}
        leaps = {name: row[_column("leaps", name)] for name in told}
        verdict = _verdict(told, leaps, tolerance)  # pyright: ignore[reportArgumentType]
        if verdict != ACCEPTED:
            voices = ", ".join(f"{name or 'this venue'} {value:g}" for name, value in told.items())
            return row["ts"], verdict, f"{price}: {voices}"
    return row["ts"], ACCEPTED, ""


def _verdict(told: Mapping[str, float], leaps: Mapping[str, bool | None], tolerance: float) -> str:
    own, others = told[""], [value for name, value in told.items() if name]
    agreeing = sum(_near(own, value, tolerance) for value in others)
    if not others or (agreeing + 1) * 2 > len(told):
        return ACCEPTED
    middle = median(others)
    united = sum(_near(middle, value, tolerance) for value in others)
    if united * 2 > len(told):
        return REFUSED
    others_leap = [bool(leaps[name]) for name, value in told.items() if name and not _near(own, value, tolerance)]
    if leaps[""] and not any(others_leap):
        return REFUSED
    if leaps[""] is False and all(others_leap):
        return ACCEPTED
    return HELD


def _near(one: float, other: float, tolerance: float) -> bool:
    return abs(one / other - 1) <= tolerance


def _column(price: str, name: str) -> str:
    return f"{price} {name}" if name else price
