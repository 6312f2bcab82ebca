"""Changes of the limits: proposed with a reason, agreed to by a second person where they loosen, over at their time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from adapters.store import audit, parameters
from adapters.store.database import Connection
from trading.errors import Misconfigured
from trading.limits import Limits
from trading.risk.loosening import loosened

#: Serialises those who propose and judge: each must see what the other has put in force.
_LOCK = 7466925


@dataclass(frozen=True)
class Change:
    """One change and what became of it.

    `state` is in force, beneath (a newer one holds in its place), waiting (for a second person), rejected, ended,
    expired or void (what it started from holds no more). `looser` names the limits that allow more than `base` did.
    """

    change_id: int
    version: int
    base: int | None
    owner: str
    reason: str
    looser: tuple[str, ...]
    proposed_at: datetime
    valid_until: datetime | None
    approved_by: str | None
    state: str


_CHANGES = """
select
    change_id, version, base, owner, reason, looser, proposed_at, valid_until, approved_by, state
from analytics.limit_changes
order by change_id desc
"""


def changes(connection: Connection) -> list[Change]:
    """Return all changes, the newest first."""
    rows = connection.execute(_CHANGES).fetchall()
    return [Change(**{**row, "looser": tuple(row["looser"])}) for row in rows]


def in_force(known: Sequence[Change]) -> Change:
    """Return the one that holds; Misconfigured when none does."""
    found = next((change for change in known if change.state == "in force"), None)
    if found is None:
        raise Misconfigured("no limits hold yet; run `tradewind run` once, it writes the first")
    return found


def propose(
    connection: Connection, value: Limits, owner: str, reason: str, now: datetime, valid_until: datetime | None = None
) -> Change:
    """Put `value` in force, or in line for a second person when it loosens a limit.

    Raises:
        Misconfigured: nothing changes, or a temporary change holds and this one would outlive it.
    """
    _alone(connection)
    holding = in_force(changes(connection))
    _, before = parameters.limits(connection)
    if value == before:
        raise Misconfigured(f"nothing changes: change {holding.change_id} has the same limits")
    _outlives(holding, valid_until)
    looser = loosened(before, value)
    version = parameters.add_limits(connection, value, owner, reason)
    row = connection.execute(
        "insert into trading.limit_changes (version, base, owner, reason, looser, valid_until)"
        " values (%s, %s, %s, %s, %s, %s) returning change_id",
        (version, holding.version, owner, reason, list(looser), valid_until),
    ).fetchone()
    assert row is not None  # noqa: S101
    about = {"version": version, "base": holding.version, "reason": reason, "looser": list(looser)}
    about |= {"valid_until": valid_until.isoformat() if valid_until else None}
    audit.record(connection, now, owner, "limits_proposed", str(row["change_id"]), about)
    return _one(connection, row["change_id"])


def approve(connection: Connection, change_id: int, actor: str, reason: str, now: datetime) -> Change:
    """Put a change that waits in force.

    Raises:
        Misconfigured: it does not wait, or `actor` has proposed it himself.
    """
    _alone(connection)
    change = _one(connection, change_id)
    _waits(change, "approved")
    if _same(change.owner, actor):
        raise Misconfigured(f"change {change_id} is your own: a second person has to approve it (--by)")
    return _judge(connection, change, "APPROVED", actor, reason, now)


def reject(connection: Connection, change_id: int, actor: str, reason: str, now: datetime) -> Change:
    """Take a change that waits out of line; its owner may do that too."""
    _alone(connection)
    change = _one(connection, change_id)
    _waits(change, "rejected")
    return _judge(connection, change, "REJECTED", actor, reason, now)


def end(connection: Connection, change_id: int, actor: str, reason: str, now: datetime) -> Change:
    """End a temporary change before its time; what held before it holds again.

    Raises:
        Misconfigured: it is not in force, not temporary, or what follows is looser and `actor` is its owner.
    """
    _alone(connection)
    known = changes(connection)
    change = _one(connection, change_id)
    if change.state != "in force" or change.valid_until is None:
        raise Misconfigured(f"change {change_id} is {change.state}: only a temporary one in force can be ended")
    follows = next((each for each in known if each.change_id < change_id and each.state == "beneath"), None)
    if follows is None:
        raise Misconfigured(f"nothing would hold after change {change_id}: propose what is to hold")
    every = parameters.all_limits(connection)
    looser = loosened(every[change.version], every[follows.version])
    if looser and _same(change.owner, actor):
        names = ", ".join(looser)
        raise Misconfigured(f"ending change {change_id} loosens {names}: a second person has to do it (--by)")
    return _judge(connection, change, "ENDED", actor, reason, now)


def _outlives(holding: Change, valid_until: datetime | None) -> None:
    if holding.valid_until is not None and (valid_until is None or valid_until > holding.valid_until):
        raise Misconfigured(
            f"change {holding.change_id} holds until {holding.valid_until.isoformat()}, and what you propose rests on"
            f" it: give --until no later than that, or end it first: `tradewind limits end {holding.change_id}`"
        )


def _waits(change: Change, verb: str) -> None:
    if change.state != "waiting":
        more = "; propose it anew, on what holds now" if change.state == "void" else ""
        raise Misconfigured(f"change {change.change_id} is {change.state}: only one that waits can be {verb}{more}")


def _judge(connection: Connection, change: Change, verdict: str, actor: str, reason: str, now: datetime) -> Change:
    connection.execute(
        "insert into trading.limit_verdicts (change_id, verdict, actor, reason) values (%s, %s, %s, %s)",
        (change.change_id, verdict, actor, reason),
    )
    about = {"version": change.version, "owner": change.owner, "reason": reason}
    audit.record(connection, now, actor, f"limits_{verdict.lower()}", str(change.change_id), about)
    return _one(connection, change.change_id)


def _one(connection: Connection, change_id: int) -> Change:
    found = next((change for change in changes(connection) if change.change_id == change_id), None)
    if found is None:
        raise Misconfigured(f"there is no change {change_id}; `tradewind limits history` lists them")
    return found


def _same(one: str, other: str) -> bool:
    return one.strip().lower() == other.strip().lower()


def _alone(connection: Connection) -> None:
    connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
