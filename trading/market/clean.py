"""Vetting of raw candles: what may be used, what is quarantined and why, and what was found on the way.

No row is lost silently: rows in = good + quarantined + exact duplicates.
"""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from trading.candle import BARS, TS
from trading.timeframe import EPOCH, Timeframe

PRICES = ("open", "high", "low", "close")
VALUES = (*PRICES, "volume")

#: Larger (or, for prices, smaller than the inverse) numbers are no market: the dearest quotes (in IDR) stay below 1e11.
ABSURD_PRICE = 1e12
ABSURD_VOLUME = 1e18

#: A spike jumps by more than both and comes back in the next bar.
SPIKE_SIGMAS = 12.0
SPIKE_MOVE = 0.25

#: Reasons that say nothing bad about the rest of the rows: the bar is only not final yet.
HARMLESS = frozenset({"not closed"})

QUARANTINE = pl.Schema({**BARS, "reason": pl.String, "raw": pl.String})


@dataclass(frozen=True)
class Finding:
    """One check that found something; a `blocking` one closes the gate of the symbol. Times are bar open times."""

    check: str
    blocking: bool
    count: int
    first_ts: datetime | None
    last_ts: datetime | None
    detail: str


@dataclass(frozen=True)
class Vetted:
    """`good` has the schema BARS, sorted, unique; `quarantined` adds `reason` and `raw` (the row as it came, JSON)."""

    good: pl.DataFrame
    quarantined: pl.DataFrame
    findings: tuple[Finding, ...]
    duplicates: int

    @property
    def blocking(self) -> bool:
        """True when the symbol must not be traded on these rows."""
        return any(finding.blocking for finding in self.findings)


def vet(frame: pl.DataFrame, timeframe: Timeframe, now: datetime | None = None) -> Vetted:
    """Split raw bars of one symbol into good and quarantined ones.

    Args:
        frame: columns ts (UTC datetime), open, high, low, close, volume, as numbers or text; others are dropped.
        timeframe: length of the bars; open times must lie on its UTC grid.
        now: current market time, to refuse bars that are not closed yet; None when all are history.

    """
    raw = frame.select("ts", *VALUES)
    checked = raw.select(
        pl.col("ts").cast(TS), *(pl.col(name).cast(pl.Float64, strict=False).alias(name) for name in VALUES)
    ).with_columns(reason=_reason(raw, timeframe, now))
    kept = checked.filter(pl.col("reason").is_null()).select(list(BARS))
    unique = kept.sort("ts")
    repeated = unique.filter(pl.col("ts").is_duplicated())
    if repeated.height:
        unique = unique.unique().sort("ts")
        several = unique.filter(pl.col("ts").is_duplicated())["ts"].unique().implode()
        conflict = pl.col("reason").is_null() & pl.col("ts").is_in(several)
        reason = pl.when(conflict).then(pl.lit("conflicting duplicate")).otherwise(pl.col("reason"))
        checked = checked.with_columns(reason=reason)
        unique = unique.filter(~pl.col("ts").is_in(several))
    quarantined = _quarantined(checked, raw)
    duplicates = frame.height - unique.height - quarantined.height
    late = kept.filter(pl.col("ts") < pl.col("ts").cum_max())
    findings = (
        *_quarantine_findings(quarantined),
        *_finding("duplicate", repeated if duplicates else repeated.clear(), "equal rows, kept once", duplicates),
        *_finding("out of order", late, "rows older than one before them; sorted"),
        *_finding("spike", _spikes(unique), f"closes that jump by more than {SPIKE_MOVE:.0%} and come back at once"),
    )
    return Vetted(unique, quarantined, findings, duplicates)


def _reason(raw: pl.DataFrame, timeframe: Timeframe, now: datetime | None) -> pl.Series:
    """Return per row the first reason to quarantine it, null for a sound one."""
    numbers = raw.with_columns(pl.col(name).cast(pl.Float64, strict=False) for name in VALUES)
    no_number = [raw[name].is_not_null() & numbers[name].is_null() for name in VALUES if raw.schema[name] == pl.String]
    values = [pl.col(name) for name in VALUES]
    prices = [pl.col(name) for name in PRICES]
    offset = timeframe.open_of(EPOCH) - EPOCH
    since = (pl.col("ts") - pl.lit(EPOCH + offset)).dt.total_microseconds()
    checks: list[tuple[str, pl.Expr]] = [
        ("not a number", pl.any_horizontal(no_number) if no_number else pl.lit(value=False)),
        ("null", pl.any_horizontal(pl.col("ts").is_null(), *(value.is_null() for value in values))),
        ("not finite", pl.any_horizontal(~value.is_finite() for value in values)),
        ("price not positive", pl.min_horizontal(prices) <= 0),
        ("volume negative", pl.col("volume") < 0),
        (
            "absurd value",
            (pl.max_horizontal(prices) > ABSURD_PRICE)
            | (pl.min_horizontal(prices) < 1 / ABSURD_PRICE)
            | (pl.col("volume") > ABSURD_VOLUME),
        ),
        ("high below low", pl.col("high") < pl.col("low")),
        (
            "open or close outside range",
            (pl.max_horizontal("open", "close") > pl.col("high"))
            | (pl.min_horizontal("open", "close") < pl.col("low")),
        ),
        ("unaligned time", since % (timeframe.seconds * 1_000_000) != 0),
    ]
    if now is not None:
        checks += [("future", pl.col("ts") > now), ("not closed", pl.col("ts") + timeframe.delta > now)]
    chain = pl.coalesce(pl.when(failed).then(pl.lit(name)) for name, failed in checks)
    return numbers.select(chain.cast(pl.String)).to_series()


def _quarantined(checked: pl.DataFrame, raw: pl.DataFrame) -> pl.DataFrame:
    bad = checked["reason"].is_not_null()
    rows = raw.filter(bad).select(raw=pl.struct(pl.all().cast(pl.String)).struct.json_encode())
    return pl.concat([checked.filter(bad), rows], how="horizontal").select(list(QUARANTINE)).cast(QUARANTINE)


def _quarantine_findings(quarantined: pl.DataFrame) -> list[Finding]:
    found: list[Finding] = []
    for rows in quarantined.partition_by("reason", maintain_order=True):
        reason: str = rows.item(0, "reason")
        found += _finding(reason, rows, f"first as it came: {rows.item(0, 'raw')}", blocking=reason not in HARMLESS)
    return found


def _finding(
    check: str, rows: pl.DataFrame, detail: str, count: int | None = None, *, blocking: bool = False
) -> list[Finding]:
    if rows.is_empty():
        return []
    first, last = rows.select(pl.col("ts").min().alias("first"), pl.col("ts").max().alias("last")).row(0)
    return [Finding(check, blocking, rows.height if count is None else count, first, last, detail)]


def _spikes(good: pl.DataFrame) -> pl.DataFrame:
    """Return the good bars whose close jumps and returns; they stay in: a real market can do it."""
    price = pl.col("close").log()
    move = pl.col("move")
    sigma = 1.4826 * (move - move.median()).abs().median()
    return (
        good.with_columns(move=price.diff(), beyond=price.shift(-1) - price.shift(1))
        .filter(
            (move.abs() > SPIKE_SIGMAS * sigma)
            & ((move.exp() - 1).abs() > SPIKE_MOVE)
            & (pl.col("beyond").abs() < move.abs() / 2)
        )
        .select(list(BARS))
    )
