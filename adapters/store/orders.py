"""Orders in SQL: created once, moved only by compare-and-set, every move an event."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from adapters.store.database import Connection
from trading.execution import lifecycle
from trading.order import Leg, Order, OrderKey, OrderRequest, OrderState, OrderType, Side

_COLUMNS = (
    "client_id, signal_id, decision_no, leg, attempt, book, strategy, venue, symbol, side, type, quantity,"
    " reference_price, limit_price, stop_price, reduce_only, state, epoch, sent_at, recv_window_ms, venue_order_id,"
    " filled"
)


def create(connection: Connection, request: OrderRequest, attempt: int, epoch: int, at: datetime) -> Order:
    """Store `request` as INTENT and return it; a second live attempt of one key is refused by the database."""
    key = request.key
    client_id = key.client_id(request.book, attempt)
    connection.execute(
        f"insert into trading.orders ({_COLUMNS}, created_at, updated_at) values"  # noqa: S608
        " (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, null, null, null, 0, %s, %s)",
        (
            client_id,
            key.signal_id,
            key.decision_no,
            key.leg,
            attempt,
            request.book,
            request.strategy,
            request.venue,
            request.symbol,
            request.side,
            request.type,
            request.quantity,
            request.reference_price,
            request.limit,
            request.stop,
            request.reduce_only,
            OrderState.INTENT,
            epoch,
            at,
            at,
        ),
    )
    _event(connection, client_id, None, OrderState.INTENT, at, {"attempt": attempt})
    return Order(request, client_id, OrderState.INTENT, attempt, epoch)


def mark_sending(connection: Connection, order: Order, sent_at: datetime, recv_window_ms: int, epoch: int) -> bool:
    """Move INTENT > SENDING with the very timestamp that will be signed; False when somebody else moved it."""
    moved = connection.execute(
        "update trading.orders set state = 'SENDING', sent_at = %s, recv_window_ms = %s, epoch = %s, updated_at = %s"
        " where client_id = %s and state = 'INTENT' and epoch <= %s",
        (sent_at, recv_window_ms, epoch, sent_at, order.client_id, epoch),
    ).rowcount
    if moved:
        _event(connection, order.client_id, OrderState.INTENT, OrderState.SENDING, sent_at, {"epoch": epoch})
    return bool(moved)


def move(
    connection: Connection,
    order: Order,
    after: OrderState,
    at: datetime,
    *,
    venue_order_id: str | None = None,
    code: str = "",
    detail: str = "",
) -> bool:
    """Compare-and-set `order.state` > `after` under the order's epoch; False when the row is no longer as read."""
    lifecycle.check(order.state, after)
    moved = connection.execute(
        "update trading.orders set state = %s, venue_order_id = coalesce(%s, venue_order_id), outcome_code = %s,"
        " outcome_detail = %s, updated_at = %s where client_id = %s and state = %s and epoch = %s",
        (after, venue_order_id, code, detail, at, order.client_id, order.state, order.epoch),
    ).rowcount
    if moved:
        about = {"code": code, "detail": detail, "venue_order_id": venue_order_id}
        _event(connection, order.client_id, order.state, after, at, {k: v for k, v in about.items() if v})
    return bool(moved)


def adopt(connection: Connection, book: str, epoch: int) -> None:
    """Take all living orders of `book` under `epoch`: a former owner's compare-and-set then finds nothing."""
    connection.execute(
        "update trading.orders set epoch = %s where book = %s and epoch < %s"
        " and state not in ('FILLED', 'CANCELED', 'EXPIRED', 'REJECTED', 'ABSENT')",
        (epoch, book, epoch),
    )


def add_filled(connection: Connection, client_id: str, quantity: Decimal) -> None:
    """Add an execution to what the order has filled; terminal orders included, late fills are booked."""
    connection.execute("update trading.orders set filled = filled + %s where client_id = %s", (quantity, client_id))


def living(connection: Connection, book: str, symbol: str | None = None) -> list[Order]:
    """Return the orders of `book` that are not terminal, oldest first."""
    rows = connection.execute(
        f"select {_COLUMNS} from trading.orders where book = %s and (%s::text is null or symbol = %s)"  # noqa: S608
        " and state not in ('FILLED', 'CANCELED', 'EXPIRED', 'REJECTED', 'ABSENT') order by created_at, client_id",
        (book, symbol, symbol),
    )
    return [_order(row) for row in rows]


def of_account(connection: Connection, book: str, strategy: str, symbol: str) -> tuple[Order, ...]:
    """Return the living orders of one sub-account."""
    return tuple(order for order in living(connection, book, symbol) if order.request.strategy == strategy)


def find(connection: Connection, book: str, symbol: str, venue_order_ids: Sequence[str]) -> dict[str, Order]:
    """Return our orders by the venue's ids, terminal ones included."""
    rows = connection.execute(
        f"select {_COLUMNS} from trading.orders where book = %s and symbol = %s and venue_order_id = any(%s)",  # noqa: S608
        (book, symbol, list(venue_order_ids)),
    )
    return {row["venue_order_id"]: _order(row) for row in rows}


def get(connection: Connection, client_id: str) -> Order | None:
    """Return the order with `client_id`, or None."""
    row = connection.execute(
        f"select {_COLUMNS} from trading.orders where client_id = %s",  # noqa: S608
        (client_id,),
    ).fetchone()
    return None if row is None else _order(row)


def _event(
    connection: Connection,
    client_id: str,
    before: OrderState | None,
    after: OrderState,
    at: datetime,
    detail: dict[str, Any],
) -> None:
    connection.execute(
        "insert into trading.order_events (client_id, from_state, to_state, at, detail) values (%s, %s, %s, %s, %s)",
        (client_id, before, after, at, Jsonb(detail)),
    )


def _order(row: dict[str, Any]) -> Order:
    request = OrderRequest(
        OrderKey(row["signal_id"], row["decision_no"], Leg(row["leg"])),
        row["book"],
        row["strategy"],
        row["venue"],
        row["symbol"],
        Side(row["side"]),
        OrderType(row["type"]),
        row["quantity"],
        row["reference_price"],
        row["limit_price"],
        row["stop_price"],
        row["reduce_only"],
    )
    return Order(
        request,
        row["client_id"],
        OrderState(row["state"]),
        row["attempt"],
        row["epoch"],
        row["sent_at"],
        row["recv_window_ms"],
        row["venue_order_id"],
        row["filled"],
    )
