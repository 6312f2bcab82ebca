"""Raw series to the form in which we keep history: one market, sorted, unique, sound, in UTC."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from adapters.history.prepared import prepared
from adapters.history.roles import EXTRAS
from adapters.history.series import Kind, Series
from trading.candle import TS
from trading.errors import Misconfigured
from trading.market.clean import vet
from trading.market.findings import prints, quotes, rates
from trading.market.findings.row_rules import VALUES
from trading.timeframe import Timeframe


@dataclass
class Canonical:
    """Sound rows of one market and kind, how many raw rows were dropped for each reason, and what was decided."""

    kind: Kind
    venue: str | None
    symbol: str
    timeframe: Timeframe | None
    frame: pl.DataFrame
    dropped: dict[str, int] = field(default_factory=dict)
    decisions: list[str] = field(default_factory=list)


def canonical(parts: Sequence[Series]) -> Canonical:
    """Return the sound rows of series of the same market, kind and timeframe; rows of all are judged together."""
    first = parts[0]
    result = Canonical(first.kind, first.venue, first.symbol or "unnamed", first.timeframe, pl.DataFrame())
    for part in parts:
        result.decisions += [note for note in part.notes if note not in result.decisions]
    frames = [_prepared(part, result) for part in parts]
    rows = pl.concat(frames, how="diagonal_relaxed")
    result.frame = _JUDGES[first.kind](rows, result)
    return result


def merged(stored: pl.DataFrame, new: Canonical) -> tuple[pl.DataFrame, int, int]:
    """Return stored rows with the new ones added, how many were added, and how many differ from what is stored.

    What is stored stays: the same import twice changes nothing.
    """
    fresh = new.frame.cast({n: stored.schema[n] for n in new.frame.columns if n in stored.columns})  # pyright: ignore[reportArgumentType]
    keys = ["ts"]
    if new.kind == "trades":
        shared = [name for name in fresh.columns if name in stored.columns]
        keys = ["id"] if "id" in shared else [*shared, _NTH]
        # Without ids, equal trades of one stamp are told apart by how many there are.
        nth = pl.int_range(pl.len()).over(shared).alias(_NTH)
        stored, fresh = stored.with_columns(nth), fresh.with_columns(nth)
    added = fresh.join(stored, on=keys, how="anti", nulls_equal=True, maintain_order="left")
    values = [name for name in fresh.columns if name in stored.columns and name not in (*keys, _NTH)]
    both = fresh.join(stored.select(*keys, *values), on=keys, how="inner", suffix="_stored")
    differs = [pl.col(name).ne_missing(pl.col(f"{name}_stored")) for name in values]
    different = both.select(pl.any_horizontal(differs).sum()).item() if differs else 0
    whole = pl.concat([stored, added], how="diagonal").drop(_NTH, strict=False)
    return whole.sort("ts", maintain_order=True), added.height, different


def _prepared(part: Series, result: Canonical) -> pl.DataFrame:
    rows, decisions, open_bars = prepared(part)
    result.decisions += decisions
    _drop(result, "not closed", open_bars)
    return rows.with_columns(pl.col(name).cast(pl.Float64, strict=False) for name in part.sample().values)


def _candles(rows: pl.DataFrame, result: Canonical) -> pl.DataFrame:
    if result.timeframe is None:
        raise Misconfigured(f"{result.symbol}: candles without a timeframe; say it with --timeframe")
    vetted = vet(rows, result.timeframe)
    for reason, count in vetted.quarantined["reason"].value_counts().sort("reason").iter_rows():
        _drop(result, reason, count)
    _drop(result, "duplicate", vetted.duplicates)
    extras = [name for name in EXTRAS if name in rows.columns and rows[name].null_count() < rows.height]
    if not extras:
        return vetted.good
    known = rows.group_by("ts").agg(pl.col(name).drop_nulls().first() for name in extras)
    return vetted.good.join(known, on="ts", how="left").sort("ts").select("ts", *VALUES, *extras)


def _trades(rows: pl.DataFrame, result: Canonical) -> pl.DataFrame:
    sound = _without(rows, prints.rules(), result)
    wanted = [name for name in ("ts", "price", "amount", "side", "id") if name in sound.columns]
    sound = sound.select(name for name in wanted if sound[name].null_count() < max(1, sound.height))
    if "id" in sound.columns:
        once = sound.unique(maintain_order=True)
        _drop(result, "duplicate", sound.height - once.height)
        several = once.filter(pl.col("id").is_not_null() & pl.col("id").is_duplicated())
        _drop(result, "conflicting duplicate", several.height)
        sound = once.join(several, on="id", how="anti", maintain_order="left") if several.height else once
    return sound.sort("ts", maintain_order=True)


def _funding(rows: pl.DataFrame, result: Canonical) -> pl.DataFrame:
    sound = _without(rows, rates.rules(), result).select("ts", "rate")
    return _unique(sound, result)


def _quotes(rows: pl.DataFrame, result: Canonical) -> pl.DataFrame:
    sound = _without(rows, [("null", pl.col("ts").is_null()), *quotes.rules()], result)
    return _unique(sound.select("ts", *(name for name in sound.columns if name.startswith(quotes.SIDES))), result)


def _without(rows: pl.DataFrame, rules: list[tuple[str, pl.Expr]], result: Canonical) -> pl.DataFrame:
    """Return the rows that break no rule, each broken one counted under the first."""
    reason = pl.coalesce(pl.when(failed).then(pl.lit(name)) for name, failed in rules)
    judged = rows.with_columns(reason.alias("_reason"))
    broken = judged.filter(pl.col("_reason").is_not_null())
    for name, count in broken["_reason"].value_counts().sort("_reason").iter_rows():
        _drop(result, name, count)
    return judged.filter(pl.col("_reason").is_null()).drop("_reason")


def _unique(rows: pl.DataFrame, result: Canonical) -> pl.DataFrame:
    once = rows.unique(maintain_order=True)
    _drop(result, "duplicate", rows.height - once.height)
    several = once.filter(pl.col("ts").is_duplicated())
    _drop(result, "conflicting duplicate", several.height)
    return once.filter(~pl.col("ts").is_duplicated()).sort("ts").cast({"ts": TS})


def _drop(result: Canonical, reason: str, count: int) -> None:
    if count:
        result.dropped[reason] = result.dropped.get(reason, 0) + count


#: Which of several equal trades of one stamp a row is.
_NTH = "_nth"
_JUDGES = {"candles": _candles, "trades": _trades, "funding": _funding, "quotes": _quotes}
