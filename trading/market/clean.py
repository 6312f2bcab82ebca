"""Vetting of raw candles: what may be used, what is quarantined and why, and what was found on the way.

No row is lost silently: rows in = good + quarantined + exact duplicates.
"""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from trading.candle import BARS, TS
from trading.market.finding import Finding, found
from trading.market.findings import moves, order
from trading.market.findings.row_rules import VALUES, broken
from trading.market.findings.sample import off_grid
from trading.timeframe import Timeframe

__all__ = ["HARMLESS", "QUARANTINE", "Finding", "Vetted", "vet"]

#: Reasons that say nothing bad about the rest of the rows: the bar is only not final yet.
HARMLESS = frozenset({"not closed"})

QUARANTINE = pl.Schema({**BARS, "reason": pl.String, "raw": pl.String})


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
    findings = (
        *_quarantine_findings(quarantined),
        *found("duplicate", repeated if duplicates else repeated.clear(), "equal rows, kept once", duplicates),
        *order.find(kept),
        *moves.spikes(unique),
    )
    return Vetted(unique, quarantined, findings, duplicates)


def _reason(raw: pl.DataFrame, timeframe: Timeframe, now: datetime | None) -> pl.Series:
    """Return per row the first reason to quarantine it, null for a sound one."""
    checks = [("unaligned time", off_grid(timeframe) != 0)]
    if now is not None:
        checks += [("future", pl.col("ts") > now), ("not closed", pl.col("ts") + timeframe.delta > now)]
    return broken(raw, tuple(checks))


def _quarantined(checked: pl.DataFrame, raw: pl.DataFrame) -> pl.DataFrame:
    bad = checked["reason"].is_not_null()
    rows = raw.filter(bad).select(raw=pl.struct(pl.all().cast(pl.String)).struct.json_encode())
    return pl.concat([checked.filter(bad), rows], how="horizontal").select(list(QUARANTINE)).cast(QUARANTINE)


def _quarantine_findings(quarantined: pl.DataFrame) -> list[Finding]:
    findings: list[Finding] = []
    for rows in quarantined.partition_by("reason", maintain_order=True):
        reason: str = rows.item(0, "reason")
        findings += found(reason, rows, f"first as it came: {rows.item(0, 'raw')}", blocking=reason not in HARMLESS)
    return findings
