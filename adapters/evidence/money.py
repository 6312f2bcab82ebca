"""I15 to I21: fills, journals, reservations and balances, among themselves and against the venue."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from adapters.evidence.court import OURS, CourtFill, grouped, movements
from adapters.evidence.finding import Case, Check, NotEvaluated
from adapters.evidence.history import FOREIGN, REVIEW, History, Row, terminal
from trading.fill import Fill
from trading.money import ZERO, multiply, text

_OWNED = ("cash", "reserved", "position")
_APPEND_ONLY = (
    "trading.ledger_entries",
    "trading.journals",
    "trading.fills",
    "trading.order_events",
    "trading.foreign_trades",
    "trading.foreign_orders",
    "ops.audit_events",
    "ops.dead_letter_replays",
)
_NEEDED = (
    *((table, "append_only") for table in _APPEND_ONLY),
    ("trading.ledger_entries", "zero_sum"),
    ("trading.ledger_entries", "take_lines"),
    ("ops.audit_events", "chain"),
)
#: Journals that a fill, or an order that waits for one, explains; all others stand for themselves.
_EXPLAINED = ("FILL", "RESERVE", "RELEASE")
_FLOATS = ("real", "double precision")
_MONEY = {
    "trading.orders": ("quantity", "reference_price", "limit_price", "stop_price", "filled"),
    "trading.fills": ("price", "quantity", "fee"),
    "trading.foreign_trades": ("price", "quantity", "fee"),
    "trading.ledger_entries": ("amount",),
    "trading.balances": ("amount",),
    "trading.risk_decisions": ("current_quantity", "target_quantity"),
}


def fills_booked_once(history: History) -> Iterator[Case]:
    """Check that every fill of ours at the venue is booked once, as it was, in one journal, and no other is booked."""
    booked = {(row["symbol"], row["trade_id"]): row for row in history.fills}
    apart = {(row["symbol"], row["trade_id"]): row for row in history.foreign_trades}
    for fill in history.court.fills:
        key, ref = (fill.symbol, fill.trade_id), f"{fill.symbol}#{fill.trade_id}"
        row, strange = booked.pop(key, None), apart.pop(key, None)
        if row is not None and strange is not None:
            yield ref, "booked as ours and as a stranger's"
        elif row is not None:
            yield ref, _difference(row, fill) or _journal(history, row)
        elif strange is not None:
            ours = fill.client_id.startswith(OURS)
            yield ref, f"made by {fill.client_id}, booked as a stranger's" if ours else _difference(strange, fill)
        elif fill.client_id in history.order:
            order = history.order[fill.client_id]
            lost = terminal(order) or history.due(fill.at)
            yield ref, f"fill of {fill.client_id} ({order['state']}) is not booked" if lost else ""
    for symbol, trade_id in (*booked, *apart):
        yield f"{symbol}#{trade_id}", "booked, but the venue knows no such trade of this account"


def _difference(row: Row, fill: CourtFill) -> str:
    here = (row["venue_order_id"], row["side"], row["price"], row["quantity"], row["fee"], row["fee_currency"])
    there = (fill.order_id, fill.side, fill.price, fill.quantity, fill.fee, fill.fee_currency)
    pairs = zip(("order", "side", "price", "quantity", "fee", "fee currency"), here, there, strict=True)
    off = [f"{name} {a} here, {b} there" for name, a, b in pairs if a != b]
    if row["ts"] != fill.at:
        off.append(f"time {row['ts']} here, {fill.at} there")
    if fill.client_id.startswith(OURS) and row["client_id"] != fill.client_id:
        off.append(f"booked for {row['client_id']}, made by {fill.client_id}")
    return "; ".join(off)


def _journal(history: History, row: Row) -> str:
    if row["client_id"] not in history.order or history.order[row["client_id"]]["strategy"] == FOREIGN:
        return ""
    name = f"fill:{row['book']}:{row['venue']}:{row['symbol']}:{row['trade_id']}"
    found = [journal for journal in history.journals_of.get(row["client_id"], []) if journal["journal_id"] == name]
    return "" if found and history.entries_of.get(name) else "the fill has no journal in the ledger"


def zero_sums(history: History) -> Iterator[Case]:
    """Check that every journal sums to zero per currency, and all accounts together do."""
    totals: defaultdict[str, Decimal] = defaultdict(Decimal)
    for journal in history.journals:
        sums: defaultdict[str, Decimal] = defaultdict(Decimal)
        for entry in history.entries_of.get(journal["journal_id"], []):
            sums[entry["currency"]] += entry["amount"]
            totals[entry["currency"]] += entry["amount"]
        off = {currency: total for currency, total in sums.items() if total}
        yield journal["ref"], f"journal {journal['journal_id']} is off by {_amounts(off)}" if off else ""
    for currency, total in totals.items():
        yield currency, f"all accounts together hold {text(total)}" if total else ""


def guarded_tables(history: History) -> Iterator[Case]:
    """Check that the triggers stand, switched on, that refuse changes, check sums and chain the audit."""
    for table, name in _NEEDED:
        there = (table, name) in history.guards
        yield table, "" if there else f"trigger {name} is missing or switched off: rows could be changed unseen"


def reservations(history: History) -> Iterator[Case]:
    """Check that open orders hold what their rest may need, final ones nothing, and nothing is overdrawn."""
    held: defaultdict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    buffers = {row["version"]: Decimal(str(row["parameters"]["cash_buffer"])) for row in history.limits}
    for row in history.ours:
        amount = ZERO
        for journal in history.journals_of.get(row["client_id"], []):
            for entry in history.entries_of.get(journal["journal_id"], []):
                if entry["account"] == "reserved":
                    amount += entry["amount"]
                    held[entry["strategy"], entry["symbol"], entry["currency"]] += entry["amount"]
        wanted = _wanted(history, row, buffers)
        off = wanted is not None and amount != wanted
        yield row["client_id"], f"{row['state']} holds {text(amount)}, wanted {text(wanted or ZERO)}" if off else ""
    for row in history.balances:
        if row["account"] == "reserved" and row["strategy"] != FOREIGN:
            explained = held[row["strategy"], row["symbol"], row["currency"]]
            what = f"{text(row['amount'])} {row['currency']} reserved, orders explain {text(explained)}"
            yield _place(row), what if row["amount"] != explained else ""
        if row["account"] in ("cash", "position") and row["strategy"] != FOREIGN:
            yield _place(row), f"{row['account']} is overdrawn: {text(row['amount'])}" if row["amount"] < 0 else ""


def _wanted(history: History, row: Row, buffers: dict[int, Decimal]) -> Decimal | None:
    """Return what an order must hold; None for a buy whose limits are not known."""
    if terminal(row):
        return ZERO
    if row["side"] == "SELL":
        return row["quantity"] - row["filled"]
    decision = history.decision.get((row["signal_id"], row["decision_no"]))
    if decision is None or decision["limits_version"] not in buffers:
        return None
    price = row["limit_price"] or row["reference_price"]
    spent = sum(
        (multiply(fill["price"], fill["quantity"]) for fill in history.fills_of.get(row["client_id"], [])), ZERO
    )
    return multiply(multiply(row["quantity"], price), 1 + buffers[decision["limits_version"]]) - spent


def equal_to_venue(history: History) -> Iterator[Case]:
    """Check that the ledger owns what the venue's record gives, exactly, or a symbol of that currency is halted.

    Fills that execution cannot have seen yet are left out on both sides.
    """
    if not history.journals and not history.orders:
        raise NotEvaluated("the book has no funds yet")
    owned: defaultdict[str, Decimal] = defaultdict(Decimal)
    for entry in history.entries:
        if entry["account"] in _OWNED:
            owned[entry["currency"]] += entry["amount"]
    booked = {(row["symbol"], row["trade_id"]) for row in (*history.fills, *history.foreign_trades)}
    there = defaultdict(Decimal, history.court.balances())
    for fill in history.court.fills:
        order = history.order.get(fill.client_id)
        unseen = not history.due(fill.at + REVIEW) if order is None else not (terminal(order) or history.due(fill.at))
        if unseen and (fill.symbol, fill.trade_id) not in booked:
            for currency, amount in movements(fill):
                there[currency] -= amount
    halted = {part for row in history.symbol_states if row["state"] == "HALTED" for part in row["symbol"].split("/")}
    for currency in sorted({*owned, *there}):
        here, venue = owned[currency], there[currency]
        off = here != venue and currency not in halted
        yield currency, f"ledger {text(here)}, venue {text(venue)}, off by {text(here - venue)}" if off else ""


def exact_numbers(history: History) -> Iterator[Case]:
    """Check that money columns are NUMERIC, none is a float, and the wire carried the text of the stored number."""
    types = {(table, name): kind for table, name, kind in history.columns}
    for table, names in _MONEY.items():
        for name in names:
            kind = types.get((table, name))
            yield f"{table}.{name}", "" if kind == "numeric" else f"the column is {kind}"
    for table, name, kind in history.columns:
        if table.startswith("trading.") and kind in _FLOATS:
            yield f"{table}.{name}", f"the column is {kind}"
    for client_id, posts in history.court.posts_of.items():
        row = history.order.get(client_id)
        if row is not None:
            named = {"quantity": row["quantity"], "price": row["limit_price"], "stopPrice": row["stop_price"]}
            stored = {name: text(value) for name, value in named.items() if value is not None}
            off = {
                name: posts[0].params[name]
                for name in named
                if posts[0].params.get(name) not in (None, stored.get(name))
            }
            yield client_id, f"the wire carried {off}, the row has {stored}" if off else ""


def recomputed(history: History) -> Iterator[Case]:
    """Check that positions, cash and filled, recomputed from fills and deposits, are what is stored.

    An order that was filled beyond its quantity has halted its symbol.
    """
    accounts: defaultdict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for row in history.ours:
        fills = history.fills_of.get(row["client_id"], [])
        total = sum((fill["quantity"] for fill in fills), ZERO)
        off = total != row["filled"] or (total > row["quantity"] and not _flagged(history, row))
        what = f"fills add up to {text(total)}, the row has {text(row['filled'])} of {text(row['quantity'])}"
        yield row["client_id"], what if off else ""
        for fill in fills:
            for currency, amount in movements(_fill(fill)):
                accounts[row["strategy"], row["symbol"], currency] += amount
    kinds = {row["journal_id"]: row["kind"] for row in history.journals}
    for entry in history.entries:
        if entry["account"] in _OWNED and kinds.get(entry["journal_id"]) not in _EXPLAINED:
            accounts[entry["strategy"], entry["symbol"], entry["currency"]] += entry["amount"]
    stored: defaultdict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for row in history.balances:
        if row["account"] in _OWNED:
            stored[row["strategy"], row["symbol"], row["currency"]] += row["amount"]
    for key in sorted({*accounts, *stored}):
        off = accounts[key] != stored[key]
        yield " ".join(key), f"stored {text(stored[key])}, recomputed {text(accounts[key])}" if off else ""
    yield from _sums_of_entries(history)


def _flagged(history: History, row: Row) -> bool:
    """Return whether the symbol was halted for this order: a venue that fills too much is booked and stopped."""
    halted = history.audit_of.get(("halted", row["symbol"]), [])
    return any(row["client_id"] in event["payload_text"] for event in halted)


def _sums_of_entries(history: History) -> Iterator[Case]:
    sums = grouped(history.entries, _place)
    for row in history.balances:
        total = sum((entry["amount"] for entry in sums.pop(_place(row), [])), ZERO)
        yield _place(row), f"balance {text(row['amount'])}, entries {text(total)}" if row["amount"] != total else ""
    for place in sums:
        yield place, "entries without a balance"


def _fill(row: Row) -> Fill:
    return Fill(**{name: row[name] for name in Fill.__dataclass_fields__})


def _place(row: Row) -> str:
    return " ".join(row[name] for name in ("strategy", "symbol", "account", "currency"))


def _amounts(off: dict[str, Decimal]) -> str:
    return ", ".join(f"{text(total)} {currency}" for currency, total in off.items())


CHECKS = (
    Check("I15", "each fill is booked once, as the venue has it", fills_booked_once),
    Check("I16", "every journal and all accounts sum to zero per currency", zero_sums),
    Check("I17", "ledger, fills, events and audit refuse every change", guarded_tables),
    Check("I18", "reserved is what open orders may need, nothing is overdrawn", reservations),
    Check("I19", "the ledger owns what the venue holds", equal_to_venue),
    Check("I20", "money is exact: NUMERIC stored, its text on the wire", exact_numbers),
    Check("I21", "positions, cash and filled recompute from fills", recomputed),
)
