"""I11, I14, I23, I26, I37: what had to be true before an order could be sent, and what protects its position."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from adapters.evidence.court import grouped
from adapters.evidence.finding import Case, Check
from adapters.evidence.history import History, Row, digest_of, terminal
from adapters.store import orders
from trading.audit import plain
from trading.money import multiply, text
from trading.order import Leg


def reconciled_first(history: History) -> Iterator[Case]:
    """Check that a reconciliation of its symbol had been committed before an order was sent."""
    first: dict[str, int] = {}
    for row in history.audit:
        if row["kind"] == "reconciled":
            first.setdefault(row["ref"], row["xid"])
    for event in history.events:
        row = history.order[event["client_id"]]
        if event["to_state"] == "SENDING":
            known = first.get(row["symbol"])
            late = known is None or known > event["xid"]
            yield row["client_id"], f"sent before {row['symbol']} was ever reconciled" if late else ""


def protected(history: History) -> Iterator[Case]:
    """Check that a position whose signal wants a stop has a working one of its size, is being closed, or alarmed.

    The state at the end of the history counts; a position too small to be sold cannot have a stop.
    """
    held: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in history.balances:
        if row["account"] in ("position", "reserved") and row["currency"] == row["symbol"].split("/")[0]:
            held[row["strategy"], row["symbol"]] += row["amount"]
    accepted = [row for row in history.inbox if row["status"] == "ACCEPTED"]
    in_force = grouped(accepted, lambda row: (row["body"]["strategy"], row["body"]["symbol"]))
    for (strategy, symbol), quantity in held.items():
        if quantity <= 0 or (strategy, symbol) not in in_force:
            continue
        newest = max(in_force[strategy, symbol], key=lambda row: datetime.fromisoformat(row["body"]["decided_at"]))
        if newest["body"]["stop"] is None or _too_small(quantity, newest, history.court.steps.get(symbol)):
            continue
        yield newest["signal_id"], _naked(history, strategy, symbol, quantity, history.court.steps.get(symbol))


def _too_small(quantity: Decimal, signal: Row, step: Row | None) -> bool:
    if step is None:
        return False
    price = Decimal(signal["body"]["reference_price"]) * (1 - Decimal(signal["body"]["stop"]))
    return quantity < step["min_quantity"] or quantity * price < step["min_notional"]


def _naked(history: History, strategy: str, symbol: str, quantity: Decimal, step: Row | None) -> str:
    mine = [row for row in history.ours if (row["strategy"], row["symbol"]) == (strategy, symbol) and not terminal(row)]
    lot = Decimal("0.0001") if step is None else step["lot"]
    covered = any(row["leg"] == Leg.STOP and row["quantity"] - row["filled"] + lot > quantity for row in mine)
    busy = any(row["leg"] != Leg.STOP or row["state"] in ("INTENT", "SENDING", "UNKNOWN") for row in mine)
    waiting = any((row["strategy"], row["symbol"]) == (strategy, symbol) for row in history.triggers)
    alarms = [row["ref"] + row["payload_text"] for row in history.audit if row["kind"] == "alarm"]
    told = any(strategy in alarm and symbol in alarm for alarm in alarms)
    if covered or busy or waiting or told:
        return ""
    return f"{text(quantity)} of {symbol} held by {strategy} without a working stop or an alarm"


def decided_first(history: History) -> Iterator[Case]:
    """Check that every order rests on an earlier TRADE decision, whose hash covers its inputs and what was sent."""
    for key, decision in history.decision.items():
        sound = digest_of(decision["inputs"]) == decision["inputs_hash"]
        yield (
            key[0],
            "" if sound else f"inputs of decision {key[1]} do not give its hash {decision['inputs_hash'][:12]}",
        )
    for row in history.ours:
        yield row["client_id"], _undecided(history, row)


def _undecided(history: History, row: Row) -> str:
    decision = history.decision.get((row["signal_id"], row["decision_no"]))
    if decision is None:
        return f"no decision {row['decision_no']} about signal {row['signal_id']}"
    if decision["verdict"] != "TRADE" or decision["decided_at"] > row["created_at"]:
        return f"its decision is {decision['verdict']} of {decision['decided_at']}, the order of {row['created_at']}"
    if plain(orders.read(row).request) not in requests(decision):
        return "the decision did not ask for this order"
    for post in history.court.posts_of.get(row["client_id"], []):
        sent = {name: post.params.get(name) for name in ("symbol", "side", "type", "quantity")}
        symbol = row["symbol"].replace("/", "")
        asked = {"symbol": symbol, "side": row["side"], "type": row["type"], "quantity": text(row["quantity"])}
        if sent != asked:
            return f"decided was {asked}, sent was {sent}"
    return ""


def requests(decision: Row) -> list[Row]:
    """Return what a decision asked for; one that was stored before there were quotes names no level."""
    asked = decision["inputs"].get("requests", ())
    return [{**request, "key": {"level": 0, **request["key"]}} for request in asked]


def within_limits(history: History) -> Iterator[Case]:
    """Check that no order of new risk is worth more than the limit that its decision names."""
    largest = {row["version"]: Decimal(str(row["parameters"]["max_order_value"])) for row in history.limits}
    for row in history.ours:
        decision = history.decision.get((row["signal_id"], row["decision_no"]))
        if row["reduce_only"] or row["leg"] == Leg.STOP or decision is None:
            continue
        limit, value = largest.get(decision["limits_version"]), multiply(row["quantity"], row["reference_price"])
        over = limit is None or value > limit
        yield row["client_id"], f"worth {text(value)}, allowed {limit}" if over else ""


def closed_gate_closes(history: History) -> Iterator[Case]:
    """Check that no decision that saw its gate closed (halt, symbol state, doubt or data) asks for new risk."""
    for (signal_id, number), decision in history.decision.items():
        account = decision["inputs"].get("account", {})
        if account.get("entry_gate_open", True):
            continue
        risky = [request for request in requests(decision) if request["key"]["leg"] in (Leg.ENTRY, Leg.BID, Leg.ASK)]
        why = account.get("gate_reason", "")
        yield signal_id, f"decision {number} asks for new risk though its gate is closed: {why}" if risky else ""


CHECKS = (
    Check("I11", "a symbol is reconciled before its first order is sent", reconciled_first),
    Check("I14", "every open position has its stop, or an alarm", protected),
    Check("I23", "every order rests on a decision whose hash covers it", decided_first),
    Check("I26", "no order of new risk beyond the largest value", within_limits),
    Check("I37", "no decision takes new risk through a closed gate", closed_gate_closes),
)
