"""I1, I4 to I10, I12, I13: what happened to each order, in the database and at the venue."""

from collections.abc import Iterator
from datetime import timedelta

from adapters.evidence.court import CourtOrder, grouped
from adapters.evidence.finding import Case, Check
from adapters.evidence.history import FOREIGN, REVIEW, History, Row, terminal
from adapters.exchange.outcome import REFUSALS
from trading.execution import lifecycle
from trading.money import text
from trading.order import Leg, OrderKey, OrderState

#: Refusals that prove that the venue did not act; the last one is our own: the request did not leave.
_PROOFS = frozenset(str(code) for _, code in REFUSALS) | {"NOT_SENT"}
_TAKEN = frozenset({"ACKED", "PARTIAL", "PENDING_CANCEL", "FILLED", "EXPIRED"})


def one_order_per_key(history: History) -> Iterator[Case]:
    """Check for at most one accepted order per (signal, decision, leg); attempts share the stem of their id."""
    mine = [order for order in history.court.orders if not order.foreign]
    rows = grouped(history.ours, lambda row: _stem(row["client_id"]))
    for stem, taken in grouped(mine, lambda order: _stem(order.client_id)).items():
        ids = [f"{order.client_id} ({order.order_id})" for order in taken]
        yield taken[0].client_id, f"accepted {len(taken)} times: {', '.join(ids)}" if len(taken) > 1 else ""
        alive = [row["client_id"] for row in rows.get(stem, []) if row["state"] not in ("ABSENT", "REJECTED")]
        if len(alive) > 1:
            yield taken[0].client_id, f"{len(alive)} attempts are alive or done in the books: {sorted(alive)}"


def _stem(client_id: str) -> str:
    return client_id.rpartition("-a")[0]


def path_of_states(history: History) -> Iterator[Case]:
    """Check that the events of every order are a path of the lifecycle from INTENT and end where the row is."""
    for row in history.ours:
        yield row["client_id"], _broken_path(history.events_of.get(row["client_id"], []), row)


def _broken_path(events: list[Row], row: Row) -> str:
    before = None
    for event in events:
        after = event["to_state"]
        if event["from_state"] != before:
            return f"event {event['from_state']} > {after} while the order was {before}"
        if not (after == "INTENT" if before is None else OrderState(after) in lifecycle.NEXT[OrderState(before)]):
            return f"{before} > {after} is no step of the lifecycle"
        before = after
    return "" if before == row["state"] else f"the last event says {before}, the row {row['state']}"


def proof_of_outcome(history: History) -> Iterator[Case]:
    """Check that what was accepted carries the venue's id of this client id, and REJECTED a code that is proof."""
    for row in history.ours:
        reached = {event["to_state"] for event in history.events_of.get(row["client_id"], [])} | {row["state"]}
        taken = history.court.orders_of.get(row["client_id"], [])
        if "REJECTED" in reached:
            yield row["client_id"], _unproven(row, taken)
        elif reached & _TAKEN or ("SENDING" in reached and row["state"] == "CANCELED"):
            ids = [order.order_id for order in taken]
            wrong = row["venue_order_id"] not in ids
            yield row["client_id"], f"{row['state']} as {row['venue_order_id']}, at the venue {ids}" if wrong else ""


def _unproven(row: Row, taken: list[CourtOrder]) -> str:
    if taken:
        return f"REJECTED with {row['outcome_code']}, but the venue accepted it as {taken[0].order_id}"
    return "" if row["outcome_code"] in _PROOFS else f"REJECTED with {row['outcome_code']!r}, which proves nothing"


def no_entry_beside_a_doubt(history: History) -> Iterator[Case]:
    """Check that no new risk of a symbol is sent while an order of it is UNKNOWN."""
    doubts: dict[str, set[str]] = {}
    for event in history.events:
        order = history.order[event["client_id"]]
        open_here = doubts.setdefault(order["symbol"], set())
        if event["to_state"] == "SENDING" and not order["reduce_only"] and order["leg"] != Leg.STOP:
            yield order["client_id"], f"sent while {sorted(open_here)} were UNKNOWN" if open_here else ""
        if event["to_state"] == "UNKNOWN":
            open_here.add(order["client_id"])
        else:
            open_here.discard(order["client_id"])


def proof_of_absence(history: History) -> Iterator[Case]:
    """Check that ABSENT is said only after the deadline and the margin, and the venue never accepted the order."""
    for row in history.ours:
        for event in history.events_of.get(row["client_id"], []):
            if event["to_state"] == "ABSENT":
                yield row["client_id"], _present(history, row, event)


def _present(history: History, row: Row, event: Row) -> str:
    if history.court.orders_of.get(row["client_id"]):
        return f"ABSENT, but the venue has it as {history.court.orders_of[row['client_id']][0].order_id}"
    if row["sent_at"] is None:
        return "ABSENT, but it was never sent"
    deadline = row["sent_at"] + timedelta(milliseconds=row["recv_window_ms"] or 0) + history.absence_margin
    return "" if event["at"] > deadline else f"ABSENT at {event['at']:%H:%M:%S.%f}, its proof needs {deadline}"


def deterministic_ids(history: History) -> Iterator[Case]:
    """Check that client ids follow from signal, decision, leg, book and attempt, counted from 1 without a gap."""
    attempts = grouped(history.ours, lambda row: (row["signal_id"], row["decision_no"], row["leg"]))
    for row in history.ours:
        key = OrderKey.at(row["signal_id"], row["decision_no"], row["leg"])
        wanted = key.client_id(row["book"], row["attempt"])
        yield row["client_id"], "" if row["client_id"] == wanted else f"its key gives {wanted}"
    for rows in attempts.values():
        numbers = sorted(row["attempt"] for row in rows)
        if numbers != list(range(1, len(numbers) + 1)):
            yield rows[0]["client_id"], f"its attempts are {numbers}"


def posted_once(history: History) -> Iterator[Case]:
    """Check that each client id came over the wire once: nobody repeats a request that may have had its effect."""
    for client_id, posts in history.court.posts_of.items():
        yield client_id, f"posted {len(posts)} times" if len(posts) > 1 else ""


def same_end(history: History) -> Iterator[Case]:
    """Check that final orders ended at the venue in the same state and quantity, and what ended there ended here."""
    for row in history.ours:
        if row["state"] in ("REJECTED", "ABSENT"):
            continue  # the venue must not have it at all: the proofs of these states say so
        for order in history.court.orders_of.get(row["client_id"], [])[:1]:
            yield row["client_id"], _other_end(history, row, order)


def _other_end(history: History, row: Row, order: CourtOrder) -> str:
    here, there = row["state"], order.end or "open"
    if terminal(row):
        if (here, row["filled"]) == (there, order.filled):
            return ""
        return f"{here} with {text(row['filled'])} filled, at the venue {there} with {text(order.filled)}"
    missed = (order.end is not None or order.filled != row["filled"]) and history.due(order.ended_at)
    return f"still {here}, at the venue {there} with {text(order.filled)} filled" if missed else ""


def foreign_orders_noticed(history: History) -> Iterator[Case]:
    """Check that somebody else's order is recorded or alarmed, or its symbol halted, and not taken for ours.

    One that ended without a trade between two looks cannot be seen.
    """
    known = {row["venue_order_id"] for row in (*history.foreign_orders, *history.foreign_trades)}
    halted = {row["symbol"] for row in history.symbol_states if row["state"] == "HALTED"}
    for order in history.court.orders:
        if not order.foreign:
            continue
        row = history.order.get(order.client_id)
        adopted = row is not None and row["strategy"] != FOREIGN
        told = order.order_id in known or order.symbol in halted or _told(history, order)
        visible = history.due(order.at + REVIEW) and (order.end is None or bool(order.fills))
        what = f"taken for an order of {row['strategy']}" if row is not None and adopted else ""
        yield order.client_id, what or ("no record, no alarm, no halt" if visible and not told else "")


def _told(history: History, order: CourtOrder) -> bool:
    for row in history.audit:
        if order.client_id == row["ref"] or order.client_id in row["payload_text"]:
            return True
        if row["ref"] == order.symbol and "foreign" in (row["kind"] + row["payload_text"]).lower():
            return True
    return False


def orders_within_signals(history: History) -> Iterator[Case]:
    """Check that the venue accepted no more orders than accepted signals asked for (the Knight check)."""
    accepted: dict[tuple[str, int], list[str]] = {}
    for order in history.court.orders:
        row = history.order.get(order.client_id)
        if not order.foreign and row is not None:
            accepted.setdefault((row["signal_id"], row["decision_no"]), []).append(order.client_id)
    for key, ids in accepted.items():
        signal, decision = history.signal.get(key[0]), history.decision.get(key)
        asked = 0 if decision is None else len(decision["inputs"].get("requests", ()))
        if signal is None or signal["status"] != "ACCEPTED":
            yield ids[0], f"signal {key[0]} was not accepted"
        else:
            yield ids[0], f"{len(ids)} orders, decided were {asked}" if len(ids) > asked else ""


CHECKS = (
    Check("I1", "at most one accepted order per signal, decision and leg", one_order_per_key),
    Check("I4", "every state follows from the one before, none leaves a final one", path_of_states),
    Check("I5", "accepted orders carry the venue's id, refused ones a proof", proof_of_outcome),
    Check("I6", "no new risk beside an order whose fate is unknown", no_entry_beside_a_doubt),
    Check("I7", "absent only after the time proof, and never accepted", proof_of_absence),
    Check("I8", "client ids follow from their keys", deterministic_ids),
    Check("I9", "each order request is sent once", posted_once),
    Check("I10", "orders ended here as they ended at the venue", same_end),
    Check("I12", "orders of others are recorded or alarmed, never adopted", foreign_orders_noticed),
    Check("I13", "no more orders out than signals and decisions ask for", orders_within_signals),
)
