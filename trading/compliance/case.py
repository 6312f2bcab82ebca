"""A compliance case: what a rule or a screening found, its evidence, and how people have dealt with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from trading.audit import digest
from trading.errors import Misconfigured


class CaseState(StrEnum):
    """How far a case is; OPEN > REVIEWED > CLOSED, and OPEN > CLOSED."""

    OPEN = "OPEN"
    REVIEWED = "REVIEWED"
    CLOSED = "CLOSED"


_FOLLOWS = {CaseState.REVIEWED: (CaseState.OPEN,), CaseState.CLOSED: (CaseState.OPEN, CaseState.REVIEWED)}


@dataclass(frozen=True)
class Finding:
    """What a rule found about `subject`, a symbol or a counterparty.

    `anchor` names the one thing that makes it this finding and no other (a trade, an order, an hour): whoever finds it
    again, also with more evidence, has found the same. `evidence` are client ids, `trade:` ids and the like, in order.
    """

    rule: str
    subject: str
    anchor: str
    summary: str
    evidence: tuple[str, ...]
    first: datetime
    last: datetime

    def case_id(self, book: str) -> str:
        """Return the id of its case: 16 hexadecimal digits, the same whenever and wherever it is found."""
        return digest([book, self.rule, self.subject, self.anchor])[:16]


def check_step(case_id: str, present: CaseState, wanted: CaseState) -> None:
    """Return when a case may go from `present` to `wanted`; Misconfigured says in which state it is."""
    if present not in _FOLLOWS[wanted]:
        raise Misconfigured(f"case {case_id} is {present} already: it cannot become {wanted}")


def unique(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings by time, each anchor once with what was found about it first."""
    known: dict[tuple[str, str, str], Finding] = {}
    for finding in sorted(findings, key=lambda one: (one.first, one.rule, one.subject, one.anchor)):
        known.setdefault((finding.rule, finding.subject, finding.anchor), finding)
    return list(known.values())
