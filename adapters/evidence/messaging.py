"""I30 to I35: every message against its effect, the transaction that wrote it, and the broker's own log."""

import hashlib
from collections.abc import Iterator
from itertools import pairwise

from adapters.evidence.court import grouped
from adapters.evidence.finding import Case, Check, NotEvaluated
from adapters.evidence.history import History, Row, digest_of
from adapters.evidence.topic import Log, Message


def one_transaction(history: History) -> Iterator[Case]:
    """Check that what belongs together was written together: signal and audit row, decision, intent and reservation.

    Offsets lie beyond every message that had an effect.
    """
    following = {(row["cluster_id"], row["topic"], row["partition"]): row["next_offset"] for row in history.offsets}
    for row in history.inbox:
        read = following.get((row["cluster_id"], row["topic"], row["partition"]), 0)
        told = [audit["xid"] for audit in history.audit_of.get(("signal", row["signal_id"]), [])]
        what = f"at offset {row['offset_']}, but the stored next one is {read}" if read <= row["offset_"] else ""
        yield row["signal_id"], what or _apart("its audit row", row["xid"], told)
    for row in history.ours:
        yield row["client_id"], _torn(history, row)


def _torn(history: History, row: Row) -> str:
    first = [event["xid"] for event in history.events_of.get(row["client_id"], []) if event["from_state"] is None]
    if not first:
        return ""
    held = [journal["xid"] for journal in history.journals_of.get(row["client_id"], []) if journal["kind"] == "RESERVE"]
    what = _apart("its reservation", first[0], held)
    decision = history.decision.get((row["signal_id"], row["decision_no"]))
    if what or row["attempt"] > 1 or decision is None:
        return what
    told = history.audit_of.get(("decision", f"{row['signal_id']}:{row['decision_no']}"), [])
    what = _apart("the audit row of its decision", first[0], [audit["xid"] for audit in told])
    return what or _apart("its decision", first[0], [decision["xid"]])


def _apart(name: str, xid: int, others: list[int]) -> str:
    return "" if others == [xid] else f"{name} was not written in the same transaction ({xid}, {others})"


def same_id_same_body(history: History) -> Iterator[Case]:
    """Check that a signal id stands for one body, taken in as it was given out; another body is a dead letter."""
    given = {row["signal_id"]: row["payload"] for row in history.outbox}
    for row in history.inbox:
        sound = digest_of(row["body"]) == row["body_hash"]
        what = "" if sound else "its stored body does not give its hash"
        if not what and row["signal_id"] in given and _hash(given[row["signal_id"]]) != row["body_hash"]:
            what = "the body taken in is not the one given out"
        yield row["signal_id"], what
    log = _log(history)
    buried = _buried(history, log)
    for message in log.messages:
        known = history.signal.get(message.signal_id)
        if known is not None and known["body_hash"] != message.digest and _consumed(history, log, message):
            place = (message.partition, message.offset)
            yield message.signal_id, "" if place in buried else f"another body at {place} was not set aside"


def one_writer(history: History) -> Iterator[Case]:
    """Check that the epochs under which orders are sent never go back: a superseded owner sends no more."""
    newest = 0
    for event in history.events:
        if event["to_state"] == "SENDING" and "epoch" in event["detail"]:
            epoch = event["detail"]["epoch"]
            yield event["client_id"], f"sent under epoch {epoch} after epoch {newest}" if epoch < newest else ""
            newest = max(newest, epoch)


def nothing_dropped(history: History) -> Iterator[Case]:
    """Check offset by offset: consumed = accepted + expired + denied + dead letters + repetitions + other books."""
    for letter in history.dead_letters:
        ref = f"{letter['topic']}:{letter['partition']}:{letter['offset_']}"
        rows = history.audit_of.get(("dead_letter", ref), [])
        yield ref, "" if letter["reason"] and rows else "a dead letter without reason or audit row"
    log = _log(history)
    buried = _buried(history, log)
    taken = {(row["partition"], row["offset_"]) for row in history.inbox if row["cluster_id"] == log.cluster_id}
    for message in log.messages:
        place = (message.partition, message.offset)
        if not _consumed(history, log, message):
            continue
        known = history.signal.get(message.signal_id)
        repeated = known is not None and known["body_hash"] == message.digest
        other = bool(message.book) and message.book != history.book
        accounted = place in taken or place in buried or repeated or other
        yield message.signal_id or f"{place}", "" if accounted else f"read at {place}, and nothing came of it"


def offsets_in_log(history: History) -> Iterator[Case]:
    """Check that what was read lies within what the broker holds: a topic made anew or cut short is never read on."""
    log = _log(history)
    for partition, following in _offsets(history, log).items():
        first, last = log.ends.get(partition, (0, 0))
        off = not first <= following <= last
        yield f"partition {partition}", f"{following} is stored, the log holds {first} to {last}" if off else ""


def outbox_published(history: History) -> Iterator[Case]:
    """Check that every committed signal is published, in the order of its key, and lies where its row says."""
    latest = max((row["created_at"] for row in history.outbox if row["published_at"]), default=None)
    for row in history.outbox:
        passed_over = latest is not None and row["created_at"] < latest
        lost = row["published_at"] is None and (passed_over or history.due(row["created_at"]))
        yield row["signal_id"], "committed, but never published" if lost else ""
    lanes = grouped(
        (row for row in history.outbox if row["offset_"] is not None),
        lambda row: (row["cluster_id"], row["partition"], row["key"]),
    )
    for rows in lanes.values():
        for before, after in pairwise(rows):
            if before["created_at"] < after["created_at"] and before["offset_"] > after["offset_"]:
                yield after["signal_id"], f"lies before {before['signal_id']}, which is older and of the same key"
    log = _log(history)
    there = {(message.partition, message.offset): message for message in log.messages}
    for row in history.outbox:
        if row["cluster_id"] == log.cluster_id and row["published_at"] is not None:
            found = there.get((row["partition"], row["offset_"]))
            wrong = found is None or (found.signal_id, found.digest) != (row["signal_id"], _hash(row["payload"]))
            place = f"partition {row['partition']} offset {row['offset_']}"
            yield row["signal_id"], f"not at {place} of the log" if wrong else ""


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _log(history: History) -> Log:
    if isinstance(history.log, str):
        raise NotEvaluated(f"broker log: {history.log}")
    return history.log


def _offsets(history: History, log: Log) -> dict[int, int]:
    return {row["partition"]: row["next_offset"] for row in history.offsets if row["cluster_id"] == log.cluster_id}


def _consumed(history: History, log: Log, message: Message) -> bool:
    return message.offset < _offsets(history, log).get(message.partition, 0)


def _buried(history: History, log: Log) -> set[tuple[int, int]]:
    here = [row for row in history.dead_letters if row["cluster_id"] == log.cluster_id]
    return {(row["partition"], row["offset_"]) for row in here}


CHECKS = (
    Check("I30", "offset, inbox, decision, intent and reservation are one transaction", one_transaction),
    Check("I31", "one signal id, one body; others are set aside", same_id_same_body),
    Check("I32", "a superseded owner sends nothing more", one_writer),
    Check("I33", "consumed = accepted + expired + denied + dead letters", nothing_dropped),
    Check("I34", "stored offsets lie within the broker's log", offsets_in_log),
    Check("I35", "every committed signal is published, in order", outbox_published),
)
