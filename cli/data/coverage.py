"""`tradewind data coverage`: what files of market data hold, what is missing, and what is wrong with them."""

from typing import Annotated, Any

import typer
from rich.markup import escape

from adapters.history.series import Series
from adapters.settings import load
from cli.data.group import Length, Paths, Reading, Symbol, Venue, group
from cli.output import as_json, note, out
from cli.verb import DataDir, Json, verb_of
from trading.market.coverage import Coverage
from trading.market.coverage import coverage as cover

Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 when a finding blocks or a file is refused.")]


@verb_of(group)
def coverage(
    paths: Paths,
    venue: Venue = None,
    symbol: Symbol = None,
    timeframe: Length = None,
    strict: Strict = False,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Say per file and symbol: rows, first, last, missing bars, and each finding with its name, count and times."""
    reading = Reading(paths, load(data_dir=data_dir).quotes)
    told: list[dict[str, Any]] = []
    for part in reading.series(venue, symbol, timeframe):
        one = _told(part, cover(part.sample()))
        told.append(one)
        if not json_:
            _show(one)
    blocking = sum(one["blocking"] for one in told)
    if json_:
        as_json({"series": told, "blocking": blocking, "refused": reading.refused})
    else:
        for refused in reading.refused:
            note(f"not read: {refused['message']}")
    return 1 if strict and (blocking or reading.refused) else 0


def _told(part: Series, found: Coverage) -> dict[str, Any]:
    return {
        "file": part.source,
        "form": part.form,
        "kind": part.kind,
        "venue": part.venue,
        "symbol": part.symbol,
        "timeframe": None if part.timeframe is None else str(part.timeframe),
        "rows": found.rows,
        "first": found.first,
        "last": found.last,
        "expected": found.expected,
        "missing": found.missing,
        "gaps": found.gaps,
        "longest_gap": found.longest_gap,
        "blocking": found.blocking,
        "findings": [
            {
                "name": finding.check,
                "count": finding.count,
                "blocking": finding.blocking,
                "first": finding.first_ts,
                "last": finding.last_ts,
                "detail": finding.detail,
            }
            for finding in found.findings
        ],
        "notes": list(part.notes),
        "ignored": list(part.ignored),
    }


def _show(one: dict[str, Any]) -> None:
    what = " ".join(str(one[key] or "?") for key in ("venue", "symbol")) + f" {one['timeframe'] or ''}".rstrip()
    out.print(f"[bold]{escape(one['file'])}[/bold]", soft_wrap=True)
    between = "" if one["first"] is None else f", {one['first']:%Y-%m-%d %H:%M:%S} to {one['last']:%Y-%m-%d %H:%M:%S}"
    of = "" if one["expected"] is None else f" of {one['expected']:,} expected"
    out.print(
        f"  {what} {one['kind']} ({one['form']}): {one['rows']:,} rows{of}{between}", markup=False, soft_wrap=True
    )
    for finding in one["findings"]:
        mark = "red" if finding["blocking"] else "yellow"
        when = (
            "" if finding["first"] is None else f"{finding['first']:%Y-%m-%d %H:%M} to {finding['last']:%Y-%m-%d %H:%M}"
        )
        out.print(
            f"  [{mark}]{finding['name']:<28}[/{mark}] {finding['count']:>9,}  {when}  {escape(finding['detail'])}",
            soft_wrap=True,
        )
    if not one["findings"]:
        out.print("  [green]nothing found[/green]")
    for said in one["notes"]:
        out.print(f"  [dim]{escape(said)}[/dim]", soft_wrap=True)
