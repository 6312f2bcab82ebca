"""Asset market/candles: closed bars of the book's symbols, vetted, versioned, gated."""

from datetime import datetime

import dagster as dg
import polars as pl

from adapters.store import gates
from assets.market import witnesses
from assets.partitions import DAILY, window
from assets.resources import Desk, DeskResource
from trading.candle import BARS
from trading.errors import BadData
from trading.market.clean import QUARANTINE, vet
from trading.market.finding import Finding, found
from trading.market.gaps import RECENT_BARS, gaps, recent_gap, stale
from trading.market.vote import USUAL_BARS, vote
from trading.timeframe import Timeframe

#: How many stored bars are read once more, so that a bar that the venue has revised is seen.
_OVERLAP = 3
_DEVIATION = "cross-venue deviation"


@dg.asset(
    key_prefix="market",
    group_name="market",
    kinds={"polars", "postgres"},
    deps=[dg.AssetKey(["market", "instruments"])],
    partitions_def=DAILY,
    pool="venue_rest",
    check_specs=[dg.AssetCheckSpec(name, asset=["market", "candles"]) for name in ("fresh", "sound", "complete")],
)
def candles(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """Closed bars per venue, symbol and timeframe: ts = open time UTC, prices in quote, volume in base currency.

    Reads on from the last stored bar, or from a hole among the newest. A bar that fails a check, or that other venues
    contradict, is quarantined with its reason and closes the gate of its symbol alone, as does an answer that nobody
    can read; a revised bar becomes a new version. Source: the venue's candles; TRADEWIND_REFERENCES names the others.
    """
    with desk.open(context) as at:
        now = at.clock.now()
        start, end = window(context, now)
        last_open = at.timeframe.open_of(end) - at.timeframe.delta
        read_on = start is not None
        outcome = {symbol: _update(at, symbol, last_open, now, read_on=read_on) for symbol in at.symbols}
        columns = ["symbol", "ts", "close"]
        panel = at.store.read("market.candles", at.candles, at.history_start, end, as_of=now, columns=columns)
    written = sum(rows for rows, _ in outcome.values())
    findings = {symbol: found for symbol, (_, found) in outcome.items()}
    missing = int(gaps(panel, at.timeframe)["bars"].sum())
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": panel.height,
            "rows written": written,
            "bars missing": missing,
            "last bar": str(panel["ts"].max()),
            **{
                f"last close {s}": float(c) for s, c in panel.group_by("symbol").agg(pl.col("close").last()).iter_rows()
            },
        },
        check_results=_check_results(findings, missing),
    )


def _update(
    at: Desk, symbol: str, last_open: datetime, now: datetime, *, read_on: bool
) -> tuple[int, tuple[Finding, ...]]:
    """Fetch, vet and store one symbol up to `last_open`, on from its newest bar or from the start of its history.

    Returns the rows written and the findings, which are also written to its gates.
    """
    timeframe, delta = str(at.timeframe), at.timeframe.delta
    newest = gates.newest_bar(at.database, at.venue, symbol, timeframe, until=last_open)
    recent = _stored(at, symbol, last_open, RECENT_BARS, ["symbol", "ts"])
    start = at.history_start if newest is None or not read_on else _go_on(at.timeframe, newest, recent, last_open)
    told, unread = _told(at, symbol, start, last_open)
    vetted = vet(told, at.timeframe, now)
    believed, doubted, doubts = _believed(at, symbol, vetted.good, last_open)
    rows = believed.with_columns(
        venue=pl.lit(at.venue),
        symbol=pl.lit(symbol),
        timeframe=pl.lit(timeframe),
        # A bar was knowable at its close; that is when the venue published it.
        knowledge_ts=pl.col("ts") + delta,
    )
    written = at.store.write("market.candles", rows, now)
    known = [] if newest is None else [newest]
    last_good = max([*known, *believed["ts"].tail(1).to_list()], default=None)
    there = sorted({*recent["ts"], *rows["ts"]})
    holes = recent_gap(there, at.timeframe, last_open)
    findings = (*unread, *vetted.findings, *doubts, *stale(last_good, last_open), *holes)
    with at.database.transaction() as connection:
        at.judge(connection, symbol, findings, now, last_open)
        gates.quarantine(connection, at.keys, symbol, pl.concat([vetted.quarantined, doubted]), source=at.venue)
    return written, findings


def _told(at: Desk, symbol: str, start: datetime, last_open: datetime) -> tuple[pl.DataFrame, list[Finding]]:
    """Return the bars that the venue tells from `start` to `last_open`; none, and why, when no one can read them."""
    try:
        pages = list(at.market_data().bars(symbol, at.timeframe, start, last_open + at.timeframe.delta))
    except BadData as error:
        return pl.DataFrame(schema=BARS), [Finding("unreadable", True, 1, last_open, last_open, str(error))]
    return pl.concat([pl.DataFrame(schema=BARS), *pages]), []


def _go_on(timeframe: Timeframe, newest: datetime, recent: pl.DataFrame, last_open: datetime) -> datetime:
    """Return where to read on: a little before the newest bar, or at a recent hole, which the venue may fill by now."""
    holes = gaps(recent, timeframe)["start"]
    return min(
        [newest - _OVERLAP * timeframe.delta, *(max(hole, last_open - RECENT_BARS * timeframe.delta) for hole in holes)]
    )


def _stored(at: Desk, symbol: str, last_open: datetime, bars: int, columns: list[str]) -> pl.DataFrame:
    """Return `columns` of the newest stored bars of `symbol`, and of the last one before them, however old it is."""
    end, delta = last_open + at.timeframe.delta, at.timeframe.delta
    before = gates.newest_bar(at.database, at.venue, symbol, str(at.timeframe), until=end - (bars + 1) * delta)
    start = end - (bars + 1) * delta if before is None else before
    return at.store.read("market.candles", {**at.candles, "symbol": symbol}, start, end, columns=columns)


def _believed(
    at: Desk, symbol: str, good: pl.DataFrame, last_open: datetime
) -> tuple[pl.DataFrame, pl.DataFrame, list[Finding]]:
    """Return of the `good` bars those that no majority of venues contradicts, the others, and what to say of them."""
    nothing = pl.DataFrame(schema=QUARANTINE)
    if not at.settings.references or good.is_empty():
        return good, nothing, []
    past = _stored(at, symbol, last_open, USUAL_BARS, list(BARS)).filter(pl.col("ts") < good["ts"].min())
    own = pl.concat([past.select(list(BARS)), good])
    others, missing = witnesses.told(at, symbol, own.item(0, "ts"), last_open + at.timeframe.delta)
    verdicts = vote(own, others, at.settings.venue_tolerance).join(good, on="ts", how="semi")
    doubted = good.join(verdicts, on="ts", how="inner")
    raw = pl.struct(pl.col(list(BARS)).cast(pl.String)).struct.json_encode()
    rows = doubted.with_columns(reason=pl.lit(_DEVIATION), raw=raw).select(list(QUARANTINE))
    detail = "; ".join(f"{row['verdict']}: {row['detail']}" for row in doubted.tail(3).iter_rows(named=True))
    deviations = found(_DEVIATION, doubted, detail, blocking=True)
    return good.join(verdicts, on="ts", how="anti").sort("ts"), rows, [*deviations, *missing]


def _check_results(findings: dict[str, tuple[Finding, ...]], missing: int) -> list[dg.AssetCheckResult]:
    stale = {s: f.detail for s, found in findings.items() for f in found if f.check == "stale"}
    unsound = {s: f"{f.check}: {f.detail}" for s, found in findings.items() for f in found if f.check != "stale"}
    warn = dg.AssetCheckSeverity.WARN
    return [
        dg.AssetCheckResult(check_name="fresh", passed=not stale, severity=warn, metadata=stale),
        dg.AssetCheckResult(check_name="sound", passed=not unsound, severity=warn, metadata=unsound),
        dg.AssetCheckResult(
            check_name="complete", passed=missing == 0, severity=warn, metadata={"bars missing": missing}
        ),
    ]
