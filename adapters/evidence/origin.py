"""The rows that orders rest on, as they were visible when each was decided; read for many orders at once."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.evidence.history import Row
from adapters.store.audit_chain import Event
from adapters.store.database import Connection

#: The table of each row that a signal names by the hash of its content, and the column of the signal with that hash.
HASHED = {
    "features": ("features.technical_features", "feature_hash"),
    "candle": ("market.candles", "candle_hash"),
    "forecast": ("forecasts.price_forecasts", "forecast_hash"),
}
_VISIBLE = {**{name: table for name, (table, _) in HASHED.items()}, "regime": "forecasts.market_regimes"}
_MODELS = ("price_models", "rule_models", "regime_models")


@dataclass
class Origin:
    """One order with what it rests on; None for a row that is not there.

    `gaps` are those of analytics.order_passport; `visible` the rows of a signal's bar by name (candle, features,
    forecast, regime), the newest version known when the signal was decided.
    """

    order: Row
    gaps: list[str] = field(default_factory=list[str])
    decision: Row | None = None
    signal: Row | None = None
    message: Row | None = None
    published: Row | None = None
    visible: dict[str, Row] = field(default_factory=dict[str, Row])
    model: Row | None = None
    regime_model: Row | None = None
    parameters: Row | None = None
    limits: Row | None = None
    book: Row | None = None
    audit: list[Event] = field(default_factory=list[Event])


class Origins:
    """Reads origins; models and versions, which many orders share, are read once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._models: dict[tuple[str, str], Row | None] = {}
        self._parameters = {row["version"]: row for row in self._rows("select * from trading.strategies")}
        self._limits = {row["version"]: row for row in self._rows("select * from trading.limits")}
        self._books = {row["book"]: row for row in self._rows("select book, configuration from ops.books")}

    def read(self, client_ids: Sequence[str]) -> list[Origin]:
        """Return the origins of the orders with `client_ids`, in their order; unknown ids are left out."""
        orders = {row["client_id"]: row for row in self._rows(_ORDERS, list(client_ids))}
        found = [Origin(orders[one]) for one in client_ids if one in orders]
        signals = list({one.order["signal_id"] for one in found})
        self._attach(found, "signal", "select * from signals.strategy_signals where signal_id = any(%s)", signals)
        self._attach(found, "message", "select * from trading.inbox where signal_id = any(%s)", signals)
        self._attach(found, "published", "select * from trading.outbox where signal_id = any(%s)", signals)
        self._decided(found)
        seen = visible(self._connection, signals)
        for one in found:
            one.visible = dict(seen[one.order["signal_id"]])
        gaps = {row["client_id"]: row["gaps"] for row in self._rows(_GAPS, list(client_ids))}
        told = self._told(found)
        for one in found:
            self._shared(one)
            one.gaps = gaps.get(one.order["client_id"], [])
            one.audit = sorted({event for ref in refs(one.order) for event in told[ref]})
        return found

    def _attach(self, found: Iterable[Origin], name: str, query: str, signals: list[str]) -> None:
        rows = _by(self._rows(query, signals), "signal_id")
        for one in found:
            setattr(one, name, rows.get(one.order["signal_id"]))

    def _decided(self, found: Sequence[Origin]) -> None:
        keys = [(one.order["signal_id"], one.order["decision_no"]) for one in found]
        rows = self._rows(_DECISIONS, [key[0] for key in keys], [key[1] for key in keys])
        decisions = {(row["signal_id"], row["decision_no"]): row for row in rows}
        for one, key in zip(found, keys, strict=True):
            one.decision = decisions.get(key)

    def _shared(self, one: Origin) -> None:
        one.book = self._books.get(one.order["book"])
        if one.decision is not None:
            one.limits = self._limits.get(one.decision["limits_version"])
        if one.signal is not None:
            one.parameters = self._parameters.get(one.signal["config_version"])
            one.model = self._model(one.order["book"], one.signal["model_id"])
        if "regime" in one.visible:
            one.regime_model = self._model(one.order["book"], one.visible["regime"]["model_id"])

    def _model(self, book: str, model_id: str) -> Row | None:
        key = (book, model_id)
        if key not in self._models:
            rows = self._rows(_MODEL, *key * len(_MODELS))
            self._models[key] = rows[0] if rows else None
        return self._models[key]

    def _told(self, found: Sequence[Origin]) -> defaultdict[str, list[Event]]:
        """Return the audit events about `found` by what they refer to; their hashes are made of PostgreSQL's texts."""
        told: defaultdict[str, list[Event]] = defaultdict(list)
        for row in self._rows(_EVENTS, list({ref for one in found for ref in refs(one.order)})):
            told[row["ref"]].append(Event(**row))
        return told

    def _rows(self, query: str, *values: Any) -> list[Row]:
        return self._connection.execute(query, values).fetchall()  # pyright: ignore[reportArgumentType, reportCallIssue]


def refs(order: Row) -> tuple[str, str, str]:
    """Return what audit events about an order refer to: its signal, its decision, itself."""
    return order["signal_id"], f"{order['signal_id']}:{order['decision_no']}", order["client_id"]


def visible(connection: Connection, signals: Sequence[str]) -> defaultdict[str, dict[str, Row]]:
    """Return the rows of each signal's bar by name, the newest version known when the signal was decided."""
    found: defaultdict[str, dict[str, Row]] = defaultdict(dict)
    for name, table in _VISIBLE.items():
        query = _AS_OF.format(table=table, book=_book_of(table))
        for row in connection.execute(query, (list(signals),)):  # pyright: ignore[reportArgumentType, reportCallIssue]
            found[row["origin_of"]][name] = {key: value for key, value in row.items() if key != "origin_of"}
    return found


def _by(rows: Iterable[Row], column: str) -> dict[str, Row]:
    return {row[column]: row for row in rows}


def _book_of(table: str) -> str:
    return "true" if table.startswith("market.") else "t.book = s.book"


_ORDERS = "select * from trading.orders where client_id = any(%s)"
_GAPS = "select client_id, gaps from analytics.order_passport where client_id = any(%s)"
_DECISIONS = (
    "select d.* from trading.risk_decisions as d inner join unnest(%s::text[], %s::integer[]) as k (signal_id, no)"
    " on d.signal_id = k.signal_id and d.decision_no = k.no"
)
_AS_OF = (
    "select s.signal_id as origin_of, v.* from signals.strategy_signals as s cross join lateral ("
    " select t.* from {table} as t where {book} and t.venue = s.venue and t.symbol = s.symbol"
    " and t.timeframe = s.timeframe and t.ts = s.ts and t.knowledge_ts <= s.decided_at"
    " order by t.knowledge_ts desc limit 1) as v where s.signal_id = any(%s)"
)
_MODEL = " union all ".join(
    f"select '{table}' as place, * from training.{table} where book = %s and model_id = %s"  # noqa: S608
    for table in _MODELS
)
_EVENTS = (
    "select seq, extract(epoch from at)::text as at, actor, kind, ref, payload::text as payload,"
    " previous_hash as previous, hash from ops.audit_events where ref = any(%s) order by seq"
)
