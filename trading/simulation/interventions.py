"""What happens at a venue without the market or the account's own doing: forced fills, transfers, changed rules."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from trading.errors import Denied
from trading.money import divide
from trading.simulation.exchange import Exchange
from trading.simulation.filters import TRADING
from trading.simulation.funds import Trade
from trading.simulation.working_order import OPEN, Status, WorkingOrder

#: A market with this status is gone: nobody sees it any more.
DELISTED = "DELISTED"


def force(exchange: Exchange, order: WorkingOrder, lots: int) -> Trade:
    """Fill `lots` of `order` at its own price, or at the last one, whatever the market, its rest and its state.

    More than the rest is an overfill; a canceled order stays canceled.

    Raises:
        Denied: INSUFFICIENT_BALANCE, NO_PRICE before the first bar, LOT_SIZE for less than one lot, or LATE for an open
            order whose fills are under way.
    """
    ticks, ended = order.limit or order.stop or exchange.books[order.symbol].walk.price, order.status
    if ticks is None:
        raise Denied("NO_PRICE", order.symbol)
    if order.open and order.late:
        raise Denied("LATE", f"order {order.order_id} has fills under way")
    if lots < 1:
        raise Denied("LOT_SIZE", f"{lots} lots")
    exchange.funds.require_cost(order, ticks, lots)
    book = exchange.books[order.symbol]
    maker = order.limit is not None
    (execution,) = book.execute(order, ticks, lots, maker=maker, at=exchange.now)
    trade = exchange.funds.settle(execution)
    exchange.trades.append(trade)
    if ended not in OPEN and order.remaining > 0:
        order.status = ended
    exchange.funds.hold(order)
    return trade


def transfer(exchange: Exchange, account: str, currency: str, amount: Decimal) -> None:
    """Pay `amount` into `account`, or out of it when negative; Denied INSUFFICIENT_BALANCE when it is not free."""
    balances = exchange.funds.accounts[account]
    if amount < 0:
        balances.debit(currency, -amount)
    else:
        balances.credit(currency, amount)


def change_rules(exchange: Exchange, symbol: str, changes: Mapping[str, Any]) -> list[WorkingOrder]:
    """Change status, tick, lot, min_quantity or min_notional of `symbol`; return the orders that a delisting canceled.

    A market whose status is not TRADING takes no orders and fills none.

    Raises:
        Denied: GRID for a tick or lot that is not a whole multiple of the market's own.
    """
    grid = exchange.instruments[symbol]
    for name in ("tick", "lot"):
        steps = divide(changes.get(name, getattr(grid, name)), getattr(grid, name))
        if steps < 1 or steps != steps.to_integral_value():
            raise Denied("GRID", f"{name} {changes[name]} is not a whole multiple of {getattr(grid, name)}")
    rules = exchange.rules[symbol] = replace(exchange.rules[symbol], **changes)
    book = exchange.books[symbol]
    book.halted = rules.status != TRADING
    gone = list(book.resting.values()) if rules.status == DELISTED else []
    for order in gone:
        book.end(order, Status.CANCELED, exchange.now)
        exchange.funds.hold(order)
    return gone
