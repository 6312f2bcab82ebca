"""The compliance report as a plain document: what was refused, closed, halted, overridden and found, with evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trading.audit import digest_plain
from trading.compliance.refusals import rule_of

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Chain:
    """What the audit chain proves: its rows up to `last` were made again; `flaw` says what is wrong, None: nothing.

    `anchor` is the newest row that an anchor outside the database vouches for, None without any.
    """

    last: int
    rows: int
    anchors: int
    anchor: int | None
    flaw: str | None


@dataclass(frozen=True)
class Facts:
    """All that the report is made from. `rows` come as the store gives them, by question.

    Market events lie in (after, until]; `people` says by which clock people's acts were chosen: "same" for that
    period, "all" where the market's time is simulated and people's acts have no place in it.
    """

    book: str
    day: str
    venue: str
    symbols: Sequence[str]
    after: datetime
    until: datetime
    complete: bool
    people: str
    rows: Mapping[str, Sequence[Row]]
    chain: Chain
    lists: Mapping[str, Any] | None
    unscreened: str | None
    parameters: Mapping[str, Any]
    queries: Mapping[str, str]
    code_version: str


def document(facts: Facts) -> dict[str, Any]:
    """Return the report as plain values (times UTC), the same for the same facts."""
    rows = {name: [dict(row) for row in found] for name, found in facts.rows.items()}
    refused = _refused(rows)
    changes = _changes(rows["limit_changes"], facts)
    cases = [{**row, "in_period": facts.after < row["first_ts"] <= facts.until} for row in rows["cases"]]
    return {
        "book": facts.book,
        "day": facts.day,
        "venue": facts.venue,
        "symbols": list(facts.symbols),
        "period": {"after": facts.after, "until": facts.until, "complete": facts.complete, "people": facts.people},
        "headline": _headline(rows, refused, changes, facts),
        "refusals_by_rule": _by_rule(refused),
        "refusals": refused,
        **{
            name: rows[name]
            for name in ("rejected_orders", "gate_closures", "halts", "restrictions", "overrides", "screenings")
        },
        "cases": cases,
        "limit_changes": changes,
        "chain": {**vars(facts.chain), "sound": facts.chain.flaw is None},
        "lists": None if facts.lists is None else dict(facts.lists),
        "unscreened": facts.unscreened,
        "surveillance": dict(facts.parameters),
        "queries": dict(facts.queries),
        "code_version": facts.code_version,
    }


def _refused(rows: Mapping[str, Sequence[Row]]) -> list[dict[str, Any]]:
    """Return the refusals with their rule, by time: decisions, and signals that were not taken over."""
    found: list[dict[str, Any]] = []
    for row in rows["decisions"]:
        rule = rule_of(row["verdict"], row["reason"])
        if rule is not None:
            found.append({**row, "rule": rule})
    for row in rows["refused_signals"]:
        found.append({**row, "rule": f"inbox {row['verdict'].lower()}", "limits_version": None})
    return sorted(found, key=lambda row: (row["at"], row["evidence"]))


def _by_rule(refused: Sequence[Row]) -> list[dict[str, Any]]:
    """Return how often each rule refused, the busiest first."""
    rules: dict[str, list[Row]] = {}
    for row in refused:
        rules.setdefault(row["rule"], []).append(row)
    return [
        {
            "rule": rule,
            "times": len(found),
            "strategies": sorted({row["strategy"] or "" for row in found}),
            "symbols": sorted({row["symbol"] or "" for row in found}),
            "first": found[0]["at"],
            "last": found[-1]["at"],
            "example": found[-1]["reason"],
        }
        for rule, found in sorted(rules.items(), key=lambda item: (-len(item[1]), item[0]))
    ]


_OF_A_CHANGE = ("at", "change_id", "version", "by", "reason", "looser", "valid_until", "approved_by")


def _changes(versions: Sequence[Row], facts: Facts) -> list[dict[str, Any]]:
    """Return the changes of the limits that were proposed in the period, each with what it changes and who agreed."""
    found: list[dict[str, Any]] = []
    for row in versions:
        if facts.people == "same" and not facts.after < row["at"] <= facts.until:
            continue
        before: Mapping[str, Any] = row["before"] or {}
        now: Mapping[str, Any] = row["parameters"]
        changed = {
            name: {"from": before.get(name), "to": now.get(name)}
            for name in sorted({*before, *now})
            if digest_plain(before.get(name)) != digest_plain(now.get(name))
        }
        found.append({**{name: row[name] for name in _OF_A_CHANGE}, "first": not before, "changed": changed})
    return found


def _headline(
    rows: Mapping[str, Sequence[Row]], refused: Sequence[Row], changes: Sequence[Row], facts: Facts
) -> dict[str, Any]:
    cases = rows["cases"]
    return {
        "refusals": len(refused),
        "rejected": len(rows["rejected_orders"]),
        "gate_closures": len(rows["gate_closures"]),
        "gates_closed": sum(row["opened_at"] is None for row in rows["gate_closures"]),
        "halts": len(rows["halts"]),
        "halts_in_force": sum(row["lifted_at"] is None for row in rows["halts"]),
        "restrictions": len(rows["restrictions"]),
        "overrides": len(rows["overrides"]),
        "screenings": len(rows["screenings"]),
        "hits": sum(row["hit"] for row in rows["screenings"]),
        "cases": sum(facts.after < row["first_ts"] <= facts.until for row in cases),
        "cases_open": sum(row["state"] != "CLOSED" for row in cases),
        "cases_blocking": sum(row["blocking"] and row["state"] != "CLOSED" for row in cases),
        "limit_changes": len(changes),
        "chain_rows": facts.chain.rows,
        "chain_sound": facts.chain.flaw is None,
    }
