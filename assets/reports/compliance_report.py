"""Asset reports/compliance_report: what was refused, halted, overridden and found in a day, each with its evidence."""

from datetime import datetime
from typing import Any

import dagster as dg

from adapters import compliance_page
from adapters.compliance import review
from adapters.store import compliance
from adapters.store.anchors import AnchorFile
from adapters.store.database import Connection
from assets.partitions import DAILY
from assets.reports import day_report
from assets.resources import Desk, DeskResource
from trading.compliance.rules.parameters import Parameters
from trading.errors import BadData
from trading.performance.period import Period
from trading.reports.compliance_report import Chain, Facts, document

_FORM = day_report.Form("compliance_report", "compliance-", compliance_page.events_csv, compliance_page.page)
_EVER = datetime.fromisoformat("1970-01-01T00:00:00+00:00"), datetime.fromisoformat("9999-12-31T00:00:00+00:00")


class Surveillance(dg.Config):
    """Thresholds of surveillance that differ from their defaults, by name (docs/reports.md lists them)."""

    parameters: dict[str, str] = {}  # noqa: RUF012 - a field of a configuration, copied for each


@dg.asset(
    key_prefix="reports",
    group_name="reports",
    kinds={"jinja", "postgres"},
    deps=[dg.AssetKey(["market", "candles"]), dg.AssetKey(["signals", "published_signals"])],
    partitions_def=DAILY,
)
def compliance_report(
    context: dg.AssetExecutionContext, desk: DeskResource, config: Surveillance
) -> dg.MaterializeResult:
    """One document per book and UTC day: refusals by rule, gates, halts, overrides, screenings, cases, audit chain.

    Times UTC. First the day is watched by the rules of surveillance and known counterparties are screened where the
    lists are new: findings become cases, each once. Also as files reports/<book>/compliance-<day>.html, .json and .csv
    below the data folder, the same bytes for the same facts. Sources: trading.risk_decisions, trading.inbox,
    trading.orders, trading.fills, trading.halts, trading.limits, ops.gate_changes, ops.restrictions, ops.screenings,
    ops.compliance_cases, ops.audit_events.
    """
    day, parameters = context.partition_key, review.thresholds(config.parameters)
    with desk.open(context) as at:
        if (span := day_report.span_of(at, day)) is None:
            return day_report.nothing()
        with at.database.transaction() as connection:
            lists, unscreened = review.screen_again(connection, at.settings, at.book, at.venue)
            new = review.watch_over(connection, at.book, span, parameters)
        with at.database.transaction() as connection:
            facts = _facts(connection, at, day, span, parameters, lists, unscreened)
        told, kept = day_report.keep(at, day, document(facts), _FORM)
    return dg.MaterializeResult(metadata={"dagster/row_count": 1, "new cases": new, **told["headline"], **kept})


def _facts(
    connection: Connection,
    at: Desk,
    day: str,
    span: Period,
    parameters: Parameters,
    lists: dict[str, Any] | None,
    unscreened: str | None,
) -> Facts:
    # A simulated market's days are not those on which people act: then all that they did is told.
    simulated = at.settings.mode == "local" and at.settings.market_time == "asked"
    since, until = _EVER if simulated else (span.after, span.closes)
    asked = {"book": at.book, "after": span.after, "until": span.closes, "people_after": since, "people_until": until}
    return Facts(
        at.book,
        day,
        at.venue,
        at.symbols,
        span.after,
        span.closes,
        span.whole_day,
        "all" if simulated else "same",
        compliance.happenings(connection, asked),
        _chain(connection, at, span),
        lists,
        unscreened,
        parameters.model_dump(),
        compliance.queries(asked),
        at.code_version,
    )


def _chain(connection: Connection, at: Desk, span: Period) -> Chain:
    problem, anchors = None, []
    try:
        anchors = AnchorFile(at.settings.data_dir.resolve()).read()
    except BadData as error:
        problem = f"anchors: {error}"
    checked, last = compliance.chain(connection, span.closes, anchors)
    known = [anchor.seq for anchor in anchors if anchor.seq <= last]
    flaw = None if checked.flaw is None else f"row {checked.flaw.seq}: {checked.flaw.what}"
    return Chain(last, checked.rows, len(known), max(known, default=None), flaw or problem)
