"""The restricted list: assets and symbols that take no new risk, by whom, why and until when."""

from dataclasses import dataclass
from datetime import datetime

import psycopg

from adapters.store import audit
from adapters.store.database import Connection
from trading.errors import Misconfigured


@dataclass(frozen=True)
class Restriction:
    """A row of ops.restrictions; `subject` is an asset or a symbol, `expires_at` None until it is lifted."""

    restriction_id: int
    subject: str
    owner: str
    reason: str
    placed_at: datetime
    expires_at: datetime | None
    in_force: bool


def place(connection: Connection, subject: str, owner: str, reason: str, until: datetime | None) -> Restriction:
    """Restrict `subject` from now on in all books, with its row in the audit chain; their gates close with the commit.

    Raises:
        Misconfigured: it is no asset or symbol, `until` has passed, or the same owner restricts it already.
    """
    connection.execute(
        "update ops.restrictions set lifted_at = expires_at, lifted_by = owner, lifted_reason = 'expired'"
        " where lifted_at is null and expires_at <= clock_timestamp()"
    )
    try:
        row = connection.execute(
            "insert into ops.restrictions (subject, owner, reason, expires_at) values (%s, %s, %s, %s)"
            " on conflict (subject, owner) where lifted_at is null do nothing returning restriction_id, placed_at",
            (subject.strip().upper(), owner, reason, until),
        ).fetchone()
    except psycopg.errors.CheckViolation as error:
        what = "is no asset (BTC) or symbol (BTC/USDT)" if "subject" in str(error) else f"--until {until} has passed"
        raise Misconfigured(f"{subject}: {what}") from None
    if row is None:
        raise Misconfigured(f"{subject.upper()} is restricted by {owner} already; lift that first")
    placed = get(connection, row["restriction_id"])
    about = {"subject": placed.subject, "reason": reason, "until": None if until is None else until.isoformat()}
    audit.record(connection, row["placed_at"], owner, "restricted", str(placed.restriction_id), about)
    return placed


def lift(connection: Connection, restriction_id: int, actor: str, reason: str) -> Restriction:
    """End a restriction before its time, with its row in the audit chain: its gates open with the commit.

    Raises:
        Misconfigured: there is no such restriction that was not lifted.
    """
    row = connection.execute(
        "update ops.restrictions set lifted_at = clock_timestamp(), lifted_by = %s, lifted_reason = %s"
        " where restriction_id = %s and lifted_at is null returning lifted_at",
        (actor, reason, restriction_id),
    ).fetchone()
    if row is None:
        raise Misconfigured(f"restriction {restriction_id} is not in force; `tradewind restrict list` lists those")
    lifted = get(connection, restriction_id)
    about = {"subject": lifted.subject, "reason": reason}
    audit.record(connection, row["lifted_at"], actor, "restriction_lifted", str(restriction_id), about)
    return lifted


def find(connection: Connection, *, all_: bool = False) -> list[Restriction]:
    """Return the restrictions in force, with `all_` the others too, by number."""
    rows = connection.execute(
        "select restriction_id, subject, owner, reason, placed_at, expires_at, in_force from analytics.restrictions"
        " where in_force or %s order by restriction_id",
        (all_,),
    )
    return [Restriction(**row) for row in rows]


def get(connection: Connection, restriction_id: int) -> Restriction:
    """Return one restriction that exists."""
    return next(one for one in find(connection, all_=True) if one.restriction_id == restriction_id)


def enforce(connection: Connection) -> None:
    """Make all gates say what compliance holds now: the one thing that time changes by itself is an expiry."""
    connection.execute("select ops.enforce_compliance()")
