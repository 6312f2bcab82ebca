"""What an asset tells of the sources it has visited: rows, refusals, and two checks, fresh and sound."""

from collections.abc import Callable, Iterable
from datetime import datetime

import dagster as dg

from adapters.sources.declared import Source, declared
from adapters.sources.fetch import Held
from adapters.sources.visit import Ended, Taken, Visit, visit
from assets.resources import Desk

CHECKS = ("fresh", "sound")


def check_specs(*key: str) -> list[dg.AssetCheckSpec]:
    """Return the checks of an asset that is fed by sources."""
    return [dg.AssetCheckSpec(name, asset=list(key)) for name in CHECKS]


def visits(desk: Desk, kinds: Iterable[str], now: datetime, take: Callable[[Source, Held], Taken]) -> list[Visit]:
    """Visit every declared source of `kinds`, one after another."""
    return [visit(desk.database, source, now, desk.run_id, take) for source in declared(desk.settings, kinds)]


def result(found: list[Visit], now: datetime) -> dg.MaterializeResult:
    """Return what the catalogue shows; a source that failed, is stale or gave what was refused fails its check."""
    stale = {one.source.name: why for one in found if (why := one.stale(now))}
    unsound = {
        one.source.name: one.error or f"{len(one.refused)} items: {', '.join(sorted({r for r, _ in one.refused}))}"
        for one in found
        if one.refused or one.ended is Ended.FAILED
    }
    warn = dg.AssetCheckSeverity.WARN
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": sum(one.written for one in found),
            "sources": len(found),
            **{one.source.name: f"{one.ended}: {one.written} rows, newest {one.newest}" for one in found},
        },
        check_results=[
            dg.AssetCheckResult(check_name="fresh", passed=not stale, severity=warn, metadata=stale),
            dg.AssetCheckResult(check_name="sound", passed=not unsound, severity=warn, metadata=unsound),
        ],
    )
