"""I42, I46, I47, I50: times, the audit chain, secrets and liveness."""

from collections.abc import Iterator
from datetime import timedelta

from adapters.evidence.finding import Case, Check, NotEvaluated
from adapters.evidence.history import History, Row, terminal
from adapters.store import audit_chain as links

#: How long an order may be without a settled fate, in venue time, beyond the time proof of its absence.
PATIENCE = timedelta(seconds=60)


def utc_times(history: History) -> Iterator[Case]:
    """Check that every time is stored with its zone, and read in UTC."""
    for table, name, kind in history.columns:
        if kind.startswith(("timestamp", "time")):
            naive = kind != "timestamp with time zone"
            yield f"{table}.{name}", f"the column is {kind}" if naive else ""
    for row in history.events:
        offset = row["at"].utcoffset()
        yield row["client_id"], "" if offset == timedelta(0) else f"event {row['to_state']} has the zone {offset}"


def audit_chain(history: History) -> Iterator[Case]:
    """Check that every audit row follows from its content and the row before, and no decision or fill lacks its row."""
    before, place = links.GENESIS, 1
    for row in history.audit:
        yield f"audit {row['seq']}", _broken_link(row, before, place)
        before, place = row["hash"], row["seq"] + 1
    for (signal_id, number), decision in history.decision.items():
        rows = history.audit_of.get(("decision", f"{signal_id}:{number}"), [])
        told = any(row["inputs_hash"] == decision["inputs_hash"] for row in rows)
        yield signal_id, "" if told else f"no audit row of decision {number} with its hash: the tail may be cut"
    ours = {row["client_id"] for row in history.ours}
    for row in history.fills:
        if row["client_id"] in ours:
            rows = history.audit_of.get(("fill", row["client_id"]), [])
            told = any(row["trade_id"] in (audit["trades"] or ()) for audit in rows)
            yield f"{row['symbol']}#{row['trade_id']}", "" if told else "no audit row of this fill: the tail may be cut"


def _broken_link(row: Row, before: str, place: int) -> str:
    said = (row["actor"], row["kind"], row["ref"], row["payload_text"], row["previous_hash"], row["hash"])
    wanted = links.digest(links.Event(row["seq"], row["epoch"], *said))
    if row["seq"] != place:
        return f"row {place} of the chain is missing"
    if row["previous_hash"] != before:
        return "its previous hash is not the hash of the row before"
    return "" if row["hash"] == wanted else "its content does not give its hash"


def no_secrets(history: History) -> Iterator[Case]:
    """Check that no key of ours stands in a log, in the court record, or in what the database holds as text."""
    if not history.secrets:
        raise NotEvaluated("no secrets were given to look for")
    stored = {
        "ops.audit_events": "\n".join(row["payload_text"] for row in history.audit),
        "trading.outbox": "\n".join(row["payload"] for row in history.outbox),
        "trading.orders": "\n".join(f"{row['outcome_code']} {row['outcome_detail']}" for row in history.orders),
        "ops.dead_letters": "\n".join(bytes(row["body"]).decode(errors="replace") for row in history.dead_letters),
    }
    for origin, text in (history.texts | stored).items():
        found = sorted(name for name, secret in history.secrets.items() if secret in text)
        yield origin, f"holds {', '.join(found)}" if found else ""


def nothing_stuck(history: History) -> Iterator[Case]:
    """Check that, at the venue's last time, nothing has waited for its fate or its decision beyond measure."""
    alarms = [row for row in history.audit if row["kind"] == "alarm"]
    now = max(history.court.until, history.settled_at or history.court.until)
    for row in history.ours:
        window = timedelta(milliseconds=row["recv_window_ms"] or 0)
        since = row["sent_at"] if row["state"] in ("SENDING", "UNKNOWN") else row["updated_at"]
        waits = not terminal(row) and row["state"] not in ("ACKED", "PARTIAL")
        stuck = waits and now - since > window + history.absence_margin + PATIENCE
        told = stuck and any(row["client_id"] in alarm["payload_text"] for alarm in alarms)
        yield row["client_id"], f"{row['state']} since {since}, now is {now}" if stuck and not told else ""
    for row in history.triggers:
        stuck = now - row["at"] > history.absence_margin + PATIENCE
        what = f"{row['reason']} of {row['strategy']} waits for a decision since {row['at']}, now is {now}"
        yield f"{row['strategy']} {row['symbol']}", what if stuck else ""


CHECKS = (
    Check("I42", "all times are stored with their zone and read in UTC", utc_times),
    Check("I46", "the audit chain recomputes and is complete", audit_chain),
    Check("I47", "no secret in logs, court record or stored text", no_secrets),
    Check("I50", "nothing waits for its fate beyond measure", nothing_stuck),
)
