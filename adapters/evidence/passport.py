"""The passport of one order as a document: what it was, why it exists, and every row that it rests on with its hash."""

from dataclasses import dataclass
from typing import Any

from adapters.evidence.history import Row
from adapters.evidence.marks import Learn, Mark, marks
from adapters.evidence.origin import Origin, Origins
from adapters.store.database import Connection

#: Columns that are shown elsewhere in the passport, or are too long to be read.
_ELSEWHERE = {"inputs", "body", "payload", "artefact", "features", "place"}


@dataclass(frozen=True)
class Passport:
    """Sections by name, each a row or a list of rows by column; `marks` are the comparisons of their hashes."""

    client_id: str
    sections: dict[str, Any]
    marks: tuple[Mark, ...]

    @property
    def sound(self) -> bool:
        """Whether everything is there and every hash recomputes."""
        return all(mark.equal for mark in self.marks)


def passport(connection: Connection, client_id: str, learn: Learn) -> Passport:
    """Return the passport of the order with `client_id`, which must be there."""
    (origin,) = Origins(connection).read([client_id])
    sections = {
        "order": _without(origin.order, "signal_id"),
        "origin": _origin_of(origin),
        "fills": _rows(connection, _FILLS, client_id),
        "journals": _rows(connection, _JOURNALS, client_id),
        "decision": origin.decision and _without(origin.decision, *_ELSEWHERE),
        "inputs": origin.decision and origin.decision["inputs"],
        "gates": _gates(connection, origin),
        "limits": origin.limits,
        "signal": origin.signal,
        "parameters": origin.parameters,
        **{name: origin.visible.get(name) for name in ("features", "forecast", "regime")},
        "model": _model(origin.model),
        "regime_model": _model(origin.regime_model),
        "candle": origin.visible.get("candle"),
        "kafka": _kafka(origin),
        "runs": _runs(origin),
        "audit": [event._asdict() for event in origin.audit],
    }
    return Passport(client_id, sections, tuple(marks(origin, learn)))


def _without(row: Row, *names: str) -> Row:
    return {name: value for name, value in row.items() if name not in names}


def _model(row: Row | None) -> Row | None:
    """Return a model without its text, which may be long; its features are counted."""
    if row is None:
        return None
    return {**_without(row, *_ELSEWHERE), "table": f"training.{row['place']}", "features": len(row["features"])}


def _origin_of(origin: Origin) -> str:
    """Return in words where the order comes from: a signal itself, its parent, or a halt."""
    order, decision = origin.order, origin.decision
    signal, number = order["signal_id"], order["decision_no"]
    because = "" if decision is None else f", made because of: {decision['trigger_']}"
    if order["attempt"] > 1:
        return f"attempt {order['attempt']} of the {order['leg']} of decision {number} about signal {signal}{because}"
    about = f"decision {number} about signal {signal}{because}"
    closed = f"; the way to new risk was closed by {gate}" if (gate := _gate(origin)) else ""
    if order["leg"] == "stop":
        return f"child of signal {signal}: the stop of decision {number}{because}{closed}"
    return f"{order['leg']} of {about}{closed}"


def _gate(origin: Origin) -> str:
    account = {} if origin.decision is None else origin.decision["inputs"].get("account", {})
    return "" if account.get("entry_gate_open", True) else account.get("gate_reason", "")


def _gates(connection: Connection, origin: Origin) -> dict[str, Any]:
    """Return whether the gate was open at the decision; if not, what closed it: a check with its rows, or a halt."""
    decision, reason = origin.decision, _gate(origin)
    if decision is None or not reason:
        return {"open": None if decision is None else True}
    keys = {"book": decision["book"], "symbol": decision["symbol"], "at": decision["decided_at"], "reason": reason}
    checks = connection.execute(_CHECK, keys).fetchall()
    halts = connection.execute(_HALT, keys).fetchall()
    return {"open": False, "reason": reason, "check": checks[0] if checks else None, "halts": halts}


def _kafka(origin: Origin) -> Row | None:
    row = origin.message
    if row is None:
        return None
    names = ("cluster_id", "topic", "partition", "offset_", "status", "reason", "received_at", "body_hash")
    published = {} if origin.published is None else {"published_at": origin.published["published_at"]}
    return {**{name.rstrip("_"): row[name] for name in names}, **published}


def _runs(origin: Origin) -> list[dict[str, Any]]:
    """Return the Dagster run and code version that wrote each row."""
    rows = {"signal": origin.signal, **origin.visible, "model": origin.model, "regime model": origin.regime_model}
    return [
        {"wrote": name, "run_id": row["run_id"], "code_version": row["code_version"]}
        for name, row in rows.items()
        if row is not None
    ]


def _rows(connection: Connection, query: str, client_id: str) -> list[Row]:
    return connection.execute(query, (client_id,)).fetchall()  # pyright: ignore[reportArgumentType, reportCallIssue]


_FILLS = (
    "select ts, price, quantity, fee, fee_currency, trade_id, venue_order_id, recorded_at from trading.fills"
    " where client_id = %s order by ts, length(trade_id), trade_id"
)
_JOURNALS = (
    "select j.at, j.kind, j.journal_id, e.line, e.account, e.amount, e.currency"
    " from trading.journals as j inner join trading.ledger_entries as e on j.journal_id = e.journal_id"
    " where j.ref = %s order by j.at, j.journal_id, e.line"
)
_CHECK = (
    "select r.check_name, r.run_id, r.affected, r.first_ts, r.last_ts, r.detail, r.at from ops.quality_results as r"
    " where r.book = %(book)s and r.symbol = %(symbol)s and r.blocking and r.at <= %(at)s"
    " and starts_with(%(reason)s, r.check_name || ' ') order by r.at desc, r.result_id desc limit 1"
)
_HALT = (
    "select halt_id, symbol, reason, actor, at, lifted_at from trading.halts"
    " where book = %(book)s and (symbol is null or symbol = %(symbol)s) and 'halt ' || reason = %(reason)s"
    " order by halt_id"
)
