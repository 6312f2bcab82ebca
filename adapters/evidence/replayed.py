"""Every decision of a book made again from its record, and compared with what it was and with the orders it led to."""

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime

from adapters.store import decisions, parameters
from adapters.store.database import Connection
from adapters.store.decisions import Decided
from trading.audit import canonical, digest_plain
from trading.errors import BadData
from trading.limits import Limits
from trading.replay import Ground, Outcome, again, differences, line, outcome, recall

_TELL_EVERY = 200

#: From and until when, None for no bound.
Span = tuple[datetime | None, datetime | None]


@dataclass(frozen=True)
class Different:
    """A decision that comes out differently; `fields` names what differs, `why` is what stands in the way of one."""

    decided: Decided
    fields: list[str]
    before: Outcome | None = None
    after: Outcome | None = None
    why: str = ""


@dataclass
class Replayed:
    """What came of it; the hashes are over all decisions in their order, as they were stored and as they come out."""

    book: str
    decisions: int = 0
    orders: int = 0
    different: list[Different] = field(default_factory=list)
    broken: list[Different] = field(default_factory=list)
    stored_hash: str = ""
    replayed_hash: str = ""


def replay(
    connection: Connection,
    book: str,
    span: Span,
    changed: Callable[[Limits], Limits],
    told: Callable[[str, int, int], None],
    supposed: Callable[[Ground], Ground] = lambda ground: ground,
) -> Replayed:
    """Return what comes out when the decisions of `book` in `span` are made again under `changed` limits.

    `supposed` changes what else a decision rests on; where it cannot, it raises BadData and the decision is broken.

    Raises:
        Misconfigured: limits of the book do not validate.
    """
    done, stored, now = Replayed(book), hashlib.sha256(), hashlib.sha256()
    limits = {version: changed(each) for version, each in parameters.all_limits(connection).items()}
    chosen = decisions.keys(connection, book, *span)
    for number, decided in enumerate(decisions.read(connection, chosen), 1):
        found = _compared(decided, limits[decided.limits_version], supposed)
        done.orders += len(decided.sent)
        stored.update(_said(decided, found.before))
        now.update(_said(decided, found.after))
        if found.fields:
            (done.broken if found.why else done.different).append(found)
        if number % _TELL_EVERY == 0 or number == len(chosen):
            told("decisions", number, len(chosen))
    done.decisions = len(chosen)
    done.stored_hash, done.replayed_hash = stored.hexdigest(), now.hexdigest()
    return done


def _compared(decided: Decided, limits: Limits, supposed: Callable[[Ground], Ground]) -> Different:
    if digest_plain(decided.inputs) != decided.inputs_hash:
        return Different(decided, ["inputs"], why="its record is not what its hash was made of")
    try:
        ground = recall(decided.inputs, decided.decision_no, decided.working)
        before = outcome(decided.inputs, verdict=decided.verdict, reason=decided.reason)
    except BadData as error:
        return Different(decided, ["inputs"], why=str(error))
    if sorted(map(line, decided.sent)) != sorted(before.requests):
        return Different(decided, ["orders"], before, why="trading.orders holds other orders than it asked for")
    try:
        after = again(supposed(ground), limits)
    except BadData as error:
        return Different(decided, ["signal"], before, why=str(error))
    return Different(decided, differences(before, after), before, after)


def _said(decided: Decided, outcome: Outcome | None) -> bytes:
    key = {"signal_id": decided.signal_id, "decision_no": decided.decision_no}
    return canonical({**key, **(asdict(outcome) if outcome else {})}).encode()
