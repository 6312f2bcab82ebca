"""The joined history of one book: what the venue, the database and the broker each know of it."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from adapters.evidence.court import Court, grouped
from adapters.evidence.topic import Log
from trading.order import OrderState

#: A row as its table has it, by column; `xid` is the transaction that wrote it last.
Row = dict[str, Any]

#: The sub-account and the orders of what somebody else did at our account.
FOREIGN = "foreign"
#: How long after something a stranger did execution must have worked on to be sure to have looked for it.
REVIEW = timedelta(minutes=2)


@dataclass(frozen=True)
class History:
    """All evidence about `book`. Rows lie in the order in which they were written.

    `audit` is the chain of all books; `columns` are (table, column, type) and `guards` (table, trigger) of the schema;
    `opened_at` is the machine's time at which the book was opened, None when it has no row;
    `settled_at` is the venue time up to which execution last said that everything had had its effect, None if never;
    `log` is the broker's, or the reason why there is none; `absence_margin` is what absence waits beyond its window.
    """

    book: str
    court: Court
    orders: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    fills: list[Row] = field(default_factory=list)
    foreign_trades: list[Row] = field(default_factory=list)
    foreign_orders: list[Row] = field(default_factory=list)
    journals: list[Row] = field(default_factory=list)
    entries: list[Row] = field(default_factory=list)
    balances: list[Row] = field(default_factory=list)
    decisions: list[Row] = field(default_factory=list)
    limits: list[Row] = field(default_factory=list)
    inbox: list[Row] = field(default_factory=list)
    outbox: list[Row] = field(default_factory=list)
    offsets: list[Row] = field(default_factory=list)
    dead_letters: list[Row] = field(default_factory=list)
    triggers: list[Row] = field(default_factory=list)
    halts: list[Row] = field(default_factory=list)
    symbol_states: list[Row] = field(default_factory=list)
    audit: list[Row] = field(default_factory=list)
    columns: list[tuple[str, str, str]] = field(default_factory=list)
    guards: list[tuple[str, str]] = field(default_factory=list)
    settled_at: datetime | None = None
    opened_at: datetime | None = None
    log: Log | str = "no broker was named"
    absence_margin: timedelta = timedelta(0)
    secrets: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    @cached_property
    def order(self) -> dict[str, Row]:
        """Orders by client id."""
        return {row["client_id"]: row for row in self.orders}

    @cached_property
    def ours(self) -> list[Row]:
        """The orders that were decided here."""
        return [row for row in self.orders if row["strategy"] != FOREIGN]

    @cached_property
    def events_of(self) -> dict[str, list[Row]]:
        """Order events by client id, oldest first."""
        return grouped(self.events, lambda row: row["client_id"])

    @cached_property
    def fills_of(self) -> dict[str, list[Row]]:
        """Booked fills by client id."""
        return grouped(self.fills, lambda row: row["client_id"])

    @cached_property
    def decision(self) -> dict[tuple[str, int], Row]:
        """Risk decisions by (signal id, decision number)."""
        return {(row["signal_id"], row["decision_no"]): row for row in self.decisions}

    @cached_property
    def signal(self) -> dict[str, Row]:
        """Inbox rows by signal id."""
        return {row["signal_id"]: row for row in self.inbox}

    @cached_property
    def journals_of(self) -> dict[str, list[Row]]:
        """Journals by what they refer to, such as a client id."""
        return grouped(self.journals, lambda row: row["ref"])

    @cached_property
    def entries_of(self) -> dict[str, list[Row]]:
        """Ledger entries by journal id."""
        return grouped(self.entries, lambda row: row["journal_id"])

    @cached_property
    def audit_of(self) -> dict[tuple[str, str], list[Row]]:
        """Audit rows by (kind, what they refer to)."""
        return grouped(self.audit, lambda row: (row["kind"], row["ref"]))

    def due(self, at: datetime) -> bool:
        """Whether execution has said, later than the venue time `at`, that everything by then had had its effect."""
        return self.settled_at is not None and at < self.settled_at


def terminal(row: Row) -> bool:
    """Return whether an order row is in a final state."""
    return OrderState(row["state"]).terminal


def digest_of(stored: Any) -> str:
    """Return the SHA-256 of the canonical text of a value from a JSON column, which is plain already."""
    text = json.dumps(stored, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
