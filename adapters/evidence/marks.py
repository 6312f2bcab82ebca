"""Every hash of a passport beside the one that its content gives: equal, not equal, or one of the two missing."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from adapters.bus.signal_message import encode
from adapters.evidence.history import Row, digest_of
from adapters.evidence.origin import HASHED, Origin
from adapters.evidence.risk import requests
from adapters.store import audit_chain, orders
from trading.audit import digest, digest_plain, digest_row, plain
from trading.order import OrderKey, Side
from trading.quote import Quote
from trading.signal import Lineage, Signal

#: What is compared, in the order of the passport.
KINDS = {
    "columns": "what its origin demands of the view",
    "order id": "client id: signal, decision, leg, book, attempt",
    "order": "the order is what its decision asked for",
    "decision": "inputs of the decision",
    "audited decision": "that hash, as the audit chain was told it",
    "message": "body of the message that was taken in",
    "published": "the body given out is the one taken in",
    "signal": "row of the signal gives that body",
    "signal id": "id: book, strategy, market and bar",
    "features": "row of features",
    "candle": "row of the candle",
    "forecast": "row of the forecast",
    "regime": "the signal's regime is that of its bar",
    "model": "id of each model, from its content",
    "model data": "rows that each was trained on",
    "model window": "first and last bar of these rows",
    "parameters": "parameters of strategy and model",
    "audit": "events of order, decision and signal",
}
_LEARNED = "follow_forecast"


@dataclass(frozen=True)
class Mark:
    """One comparison: the stored hash (or name) and what its content gives; None for what is not there.

    `what` tells marks of one kind apart, and says what is missing.
    """

    kind: str
    stored: str | None
    recomputed: str | None
    what: str = ""

    @property
    def missing(self) -> bool:
        """Whether there is nothing to compare."""
        return self.stored is None or self.recomputed is None

    @property
    def equal(self) -> bool:
        """Whether both are there and the same."""
        return not self.missing and self.stored == self.recomputed

    @property
    def word(self) -> str:
        """`equal`, `missing` or `not equal`."""
        return "equal" if self.equal else "missing" if self.missing else "not equal"


@dataclass(frozen=True)
class Learned:
    """What the content of a model's row and the rows that it was trained on give; None where they are not there."""

    model_id: str | None
    data_hash: str | None
    trained_from: datetime | None
    trained_to: datetime | None


#: Trains nothing: reads the rows of a model's window again. Of (row of the model, row of its book).
Learn = Callable[[Row, Row | None], Learned]


def marks(origin: Origin, learn: Learn) -> Iterator[Mark]:
    """Yield every comparison that the order of `origin` calls for."""
    yield Mark("columns", "complete", None if origin.gaps else "complete", ", ".join(origin.gaps))
    yield from _ordered(origin)
    yield from _told(origin)
    if origin.signal is not None:
        yield from _seen(origin, origin.signal)
        yield from _modelled(origin, origin.signal, learn)
    for event in origin.audit:
        yield Mark("audit", event.hash, audit_chain.digest(event), f"{event.kind}, row {event.seq}")
    for kind in ("signal", "decision"):
        if not any(event.kind == kind for event in origin.audit):
            yield Mark("audit", None, None, f"no event of its {kind}")


def _ordered(origin: Origin) -> Iterator[Mark]:
    order, decision = origin.order, origin.decision
    key = OrderKey.at(order["signal_id"], order["decision_no"], order["leg"])
    yield Mark("order id", order["client_id"], key.client_id(order["book"], order["attempt"]))
    request = plain(orders.read(order).request)
    asked = [] if decision is None else [one for one in requests(decision) if one["key"] == request["key"]]
    yield Mark("order", digest_plain(asked[0]) if asked else None, digest_plain(request))
    if decision is None:
        yield Mark("decision", None, None, "no row in trading.risk_decisions")
        return
    yield Mark("decision", decision["inputs_hash"] or None, digest_of(decision["inputs"]))
    told = [event.payload for event in origin.audit if event.kind == "decision"]
    audited = decision["inputs_hash"] if told and f'"{decision["inputs_hash"]}"' in told[-1] else "another"
    yield Mark("audited decision", decision["inputs_hash"] or None, audited if told else None)


def _told(origin: Origin) -> Iterator[Mark]:
    message, published = origin.message, origin.published
    stored = None if message is None else message["body_hash"] or None
    yield Mark("message", stored, None if message is None else digest_of(message["body"]))
    given = None if published is None else hashlib.sha256(published["payload"].encode()).hexdigest()
    yield Mark("published", stored, given)
    row = origin.signal
    if row is None:
        yield Mark("signal", stored, None, "no row in signals.strategy_signals")
        return
    yield Mark("signal", stored, hashlib.sha256(encode(signal_of(row)).encode()).hexdigest())
    identity = (row["book"], row["strategy"], row["venue"], row["symbol"], row["timeframe"], row["ts"])
    yield Mark("signal id", row["signal_id"], digest(identity)[:32])


def signal_of(row: Row) -> Signal:
    """Return the signal of a row of signals.strategy_signals."""
    told = [Quote(Side(one["side"]), Decimal(one["price"]), Decimal(one["exposure"])) for one in row["quotes"]]
    lineage = Lineage(**{name: row[name] for name in Lineage.__dataclass_fields__})
    names = set(Signal.__dataclass_fields__) - {"lineage", "quotes"}
    return Signal(**{name: row[name] for name in names}, lineage=lineage, quotes=tuple(told))


def _seen(origin: Origin, signal: Row) -> Iterator[Mark]:
    for name, (table, column) in HASHED.items():
        row, stored = origin.visible.get(name), signal[column]
        if name != "forecast" or stored is not None or signal["strategy"] == _LEARNED:
            found = None if row is None else content_hash(row, stored)
            yield Mark(name, stored, found, "" if row else f"no row in {table} that was visible")
    regime = origin.visible.get("regime")
    if signal["regime"] is not None:
        yield Mark("regime", signal["regime"], None if regime is None else regime["regime"])


def content_hash(row: Mapping[str, Any], stored: str | None) -> str:
    """Return the hash of a row's content; `stored` if the row gives it without columns that are younger than the row.

    A column that a later migration has added is null in rows that were hashed before it: leaving out nulls hides
    nothing, for whatever gives the stored hash is the content that was hashed.
    """
    whole = digest_row(row)
    if whole == stored:
        return whole
    names = list(row)
    added = [name for name in names[names.index("code_version") + 1 :] if row[name] is None and name != "recorded_at"]
    for count in range(1, len(added) + 1):
        young = added[-count:]
        if digest_row({name: value for name, value in row.items() if name not in young}) == stored:
            return stored or whole
    return whole


def _modelled(origin: Origin, signal: Row, learn: Learn) -> Iterator[Mark]:
    owner = None if signal["strategy"] == _LEARNED else f"rule_{signal['strategy']}"
    model, parameters = origin.model, origin.parameters
    if model is None:
        yield Mark("model", signal["model_id"], None, "no row in training.price_models or training.rule_models")
    elif owner is not None and model["kind"] != owner:
        yield Mark("model", owner, model["kind"], "the model of another strategy")
    else:
        yield from _of_model(model, learn(model, origin.book), "of the signal")
    digested = None if parameters is None else digest(parameters["parameters"])
    if owner is not None and model is not None:
        yield Mark("parameters", model["data_hash"], digested)
    elif digested is None:
        yield Mark("parameters", str(signal["config_version"]), None, "no row in trading.strategies")
    if signal["regime"] is not None and (regime := origin.visible.get("regime")) is not None:
        row = origin.regime_model
        if row is None:
            yield Mark("model", regime["model_id"], None, "of the regime: no row in training.regime_models")
        else:
            yield from _of_model(row, learn(row, origin.book), "of the regime")


def _of_model(model: Row, told: Learned, whose: str) -> Iterator[Mark]:
    yield Mark("model", model["model_id"], told.model_id, whose)
    yield Mark("model data", model["data_hash"], told.data_hash, whose)
    yield Mark("model window", window(model), window(vars(told)), whose)


def window(row: Mapping[str, Any]) -> str | None:
    """Return `first to last` of the window that a model was trained on, UTC; None where it is not known."""
    if row["trained_from"] is None or row["trained_to"] is None:
        return None
    return f"{row['trained_from'].isoformat()} to {row['trained_to'].isoformat()}"
