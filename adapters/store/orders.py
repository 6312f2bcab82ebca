"""Orders in SQL: created once, moved only by compare-and-set, every move an event."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from adapters.store.database import Connection, document
from trading.execution import lifecycle
from trading.order import Order, OrderKey, OrderRequest, OrderState, OrderType, Side

COLUMNS = (
    "client_id, signal_id, decision_no, leg, attempt, book, strategy, venue, symbol, side, type, quantity,"
    " reference_price, limit_price, stop_price, reduce_only, state, epoch, sent_at, recv_window_ms, venue_order_id,"
    " filled"
)
_NAMES = COLUMNS.split(", ")


def create(
    connection: Connection,
    request: OrderRequest,
    attempt: int,
    epoch: int,
    at: datetime,
    recv_window_ms: int | None = None,
) -> Order:
    """Store `request` as INTENT and return it; a second live attempt of one key is refused by the database.

    With `recv_window_ms` it goes on to SENDING at once, dated `at`: the caller sends it after the commit.
    """
    client_id = request.key.client_id(request.book, attempt)
    sent_at = None if recv_window_ms is None else at
    state = OrderState.INTENT if recv_window_ms is None else OrderState.SENDING
    order = Order(request, client_id, state, attempt, epoch, sent_at, recv_window_ms)
    # As yet no answer of the venue is there.
    connection.write("order", **_row(order), outcome_code=None, outcome_detail=None, created_at=at, updated_at=at)
    return order


def _row(order: Order) -> dict[str, object]:
    """Return the values of COLUMNS."""
    request, key = order.request, order.request.key
    identity = (order.client_id, key.signal_id, key.decision_no, key.place, order.attempt)
    place = (request.book, request.strategy, request.venue, request.symbol)
    prices = (request.reference_price, request.limit, request.stop)
    wanted = (request.side, request.type, request.quantity, *prices, request.reduce_only)
    progress = (order.state, order.epoch, order.sent_at, order.recv_window_ms, order.venue_order_id, order.filled)
    return dict(zip(_NAMES, (*identity, *place, *wanted, *progress), strict=True))


def mark_sending(connection: Connection, order: Order, sent_at: datetime, recv_window_ms: int, epoch: int) -> bool:
    """Move INTENT > SENDING with the very timestamp that will be signed; False when somebody else moved it."""
    moved = connection.execute(
        "with moved as (update trading.orders set state = 'SENDING', sent_at = %(at)s, recv_window_ms = %(window)s,"
        " epoch = %(epoch)s, updated_at = %(at)s"
        " where client_id = %(id)s and state = 'INTENT' and epoch <= %(epoch)s returning client_id)"
        " insert into trading.order_events (client_id, from_state, to_state, at, detail)"
        " select client_id, 'INTENT', 'SENDING', %(at)s, %(detail)s from moved returning 1",
        {
            "id": order.client_id,
            "at": sent_at,
            "window": recv_window_ms,
            "epoch": epoch,
            "detail": Jsonb({"epoch": epoch}),
        },
    ).fetchone()
    return moved is not None


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
    wanted = document(_move(order, after, at, venue_order_id, code, detail))
    row = connection.execute("select trading.move_order(%s) as moved", (wanted,)).fetchone()
    return row is not None and row["moved"]


def move_locked(
    connection: Connection, order: Order, after: OrderState, at: datetime, *, venue_order_id: str | None = None
) -> None:
    """Do as `move` does in a transaction that has locked the row and found it as read: no answer is needed."""
    connection.write("move", **_move(order, after, at, venue_order_id, "", ""))


def _move(
    order: Order, after: OrderState, at: datetime, venue_order_id: str | None, code: str, detail: str
) -> dict[str, Any]:
    lifecycle.check(order.state, after)
    about = {"code": code, "detail": detail, "venue_order_id": venue_order_id}
    return {
        "client_id": order.client_id,
        "before": order.state,
        "after": after,
        "at": at,
        "epoch": order.epoch,
        **about,
        "about": {name: value for name, value in about.items() if value},
    }


def adopt(connection: Connection, book: str, epoch: int) -> None:
    """Take all living orders of `book` under `epoch`: a former owner's compare-and-set then finds nothing."""
    connection.execute(
        "update trading.orders set epoch = %s where book = %s and epoch < %s"
        " and state not in ('FILLED', 'CANCELED', 'EXPIRED', 'REJECTED', 'ABSENT')",
        (epoch, book, epoch),
    )


def add_filled(connection: Connection, client_id: str, quantity: Decimal) -> None:
    """Add an execution to what the order has filled; terminal orders included, late fills are booked."""
    connection.write("filled", client_id=client_id, quantity=quantity)


def living(connection: Connection, book: str, symbol: str | None = None) -> list[Order]:
    """Return the orders of `book`, or of one symbol of it, that are not terminal, oldest first."""
    rows = connection.execute(
        f"select {COLUMNS} from trading.orders where book = %(book)s"  # noqa: S608
        " and (%(symbol)s::text is null or symbol = %(symbol)s)"
        " and state not in ('FILLED', 'CANCELED', 'EXPIRED', 'REJECTED', 'ABSENT') order by created_at, client_id",
        {"book": book, "symbol": symbol},
    )
    return [read(row) for row in rows]


def find(connection: Connection, book: str, symbol: str, venue_order_ids: Sequence[str]) -> dict[str, Order]:
    """Return our orders by the venue's ids, terminal ones included, locked until the transaction ends."""
    rows = connection.execute(
        f"select {COLUMNS} from trading.orders"  # noqa: S608
        " where book = %s and symbol = %s and venue_order_id = any(%s) order by client_id for update",
        (book, symbol, list(venue_order_ids)),
    )
    return {row["venue_order_id"]: read(row) for row in rows}


def get(connection: Connection, client_id: str) -> Order | None:
    """Return the order with `client_id`, or None."""
    return _ask(connection, client_id, "")()


def ask_locked(connection: Connection, client_id: str) -> Callable[[], Order | None]:
    """Lock the order with `client_id` until the transaction ends; the call awaits the order as it is then."""
    return _ask(connection, client_id, "for update")


def _ask(connection: Connection, client_id: str, lock: LiteralString) -> Callable[[], Order | None]:
    cursor = connection.execute(
        f"select {COLUMNS} from trading.orders where client_id = %s {lock}",  # noqa: S608
        (client_id,),
    )

    def answer() -> Order | None:
        row = cursor.fetchone()
        return None if row is None else read(row)

    return answer


def in_doubt(connection: Connection, book: str) -> bool:
    """Return whether the venue may know of an order of `book` what we do not."""
    return (
        connection.execute(
            "select 1 from trading.orders where book = %s and state in ('SENDING', 'UNKNOWN') limit 1", (book,)
        ).fetchone()
        is not None
    )


def refused(connection: Connection, book: str, codes: Sequence[str], since: datetime) -> int:
    """Return how many orders of `book` the venue has refused with one of `codes` since then."""
    row = connection.execute(
        "select count(*) as n from trading.orders"
        " where book = %s and state = 'REJECTED' and outcome_code = any(%s) and updated_at >= %s",
        (book, list(codes), since),
    ).fetchone()
    return 0 if row is None else row["n"]


def read(row: dict[str, Any]) -> Order:
    """Return the order of a row that holds COLUMNS."""
    request = OrderRequest(
        OrderKey.at(row["signal_id"], row["decision_no"], row["leg"]),
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
