"""The court record of one account: every order request, what the venue accepted, and what became of it."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from adapters.exchange.court_record import lines
from trading.errors import BadData
from trading.order import OrderState, OrderType
from trading.timeframe import EPOCH, moment_of

#: How the client ids of our orders begin; whatever else the account has at the venue is foreign.
OURS = "tw-"
K = TypeVar("K")
T = TypeVar("T")


@dataclass
class Request:
    """A request that could change something, as it came over the wire; `status` is None when it was not answered."""

    number: int
    method: str
    path: str
    params: dict[str, str]
    at: datetime
    status: int | None = None
    code: int = 0

    @property
    def client_id(self) -> str:
        """The client id that an order request names, "" in others."""
        return self.params.get("newClientOrderId", "")


@dataclass(frozen=True)
class CourtFill:
    """One execution as the venue booked it: money in decimals."""

    symbol: str
    trade_id: str
    order_id: str
    client_id: str
    side: str
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_currency: str
    at: datetime


@dataclass
class CourtOrder:
    """One accepted order with its fills; `canceled_at` is None unless it was cancelled.

    `clock_offset` is how far the clock that the venue shows, and judges timestamps by, was ahead of the record's time.
    """

    order_id: str
    client_id: str
    symbol: str
    type: OrderType
    quantity: Decimal
    immediate: bool
    number: int
    at: datetime
    fills: list[CourtFill] = field(default_factory=list)
    canceled_at: datetime | None = None
    clock_offset: timedelta = timedelta(0)

    @property
    def foreign(self) -> bool:
        """Whether somebody else placed it."""
        return not self.client_id.startswith(OURS)

    @property
    def filled(self) -> Decimal:
        """Executed quantity, in base."""
        return sum((fill.quantity for fill in self.fills), Decimal(0))

    @property
    def end(self) -> OrderState | None:
        """The final state, None while more can happen. What triggered or met the market at once does not rest."""
        if self.filled >= self.quantity:
            return OrderState.FILLED
        if self.canceled_at is not None:
            return OrderState.CANCELED
        meets_market = self.type is OrderType.MARKET or self.immediate
        triggered = self.type is OrderType.STOP_LOSS and bool(self.fills)
        return OrderState.EXPIRED if meets_market or triggered else None

    @property
    def ended_at(self) -> datetime:
        """When the last thing happened to it."""
        return max([self.at, *(fill.at for fill in self.fills), *([self.canceled_at] if self.canceled_at else [])])


@dataclass
class Court:
    """What the venue knows about one account.

    `deposits` are its opening balances, `steps` what each symbol moves in (lot, min_quantity, min_notional); the venue
    opened at `since`, its last time is `until`.
    """

    account: str
    requests: list[Request] = field(default_factory=list)
    orders: list[CourtOrder] = field(default_factory=list)
    fills: list[CourtFill] = field(default_factory=list)
    deposits: dict[str, Decimal] = field(default_factory=dict)
    steps: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    since: datetime = EPOCH
    until: datetime = EPOCH

    @property
    def posts(self) -> list[Request]:
        """The requests to place an order of ours."""
        return [
            request
            for request in self.requests
            if (request.method, request.path) == ("POST", "/api/v3/order") and request.client_id.startswith(OURS)
        ]

    @cached_property
    def posts_of(self) -> dict[str, list[Request]]:
        """The requests to place an order of ours, by client id."""
        return grouped(self.posts, lambda post: post.client_id)

    @cached_property
    def orders_of(self) -> dict[str, list[CourtOrder]]:
        """The accepted orders by client id."""
        return grouped(self.orders, lambda order: order.client_id)

    def balances(self) -> dict[str, Decimal]:
        """Return what the account owns per currency, free and locked, recomputed from its fills; without zeros."""
        owned: defaultdict[str, Decimal] = defaultdict(Decimal, self.deposits)
        for fill in self.fills:
            for currency, amount in movements(fill):
                owned[currency] += amount
        return {currency: amount for currency, amount in owned.items() if amount}


def movements(fill: Any) -> list[tuple[str, Decimal]]:
    """Return (currency, amount) of all that a fill moves; `fill` has symbol, side, price, quantity, fee, currency."""
    base, quote = fill.symbol.split("/")
    sign = 1 if fill.side == "BUY" else -1
    return [
        (base, sign * fill.quantity),
        (quote, -sign * fill.price * fill.quantity),
        (fill.fee_currency, -fill.fee),
    ]


def grouped(rows: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """Return `rows` by `key`, in their order."""
    found: defaultdict[K, list[T]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return dict(found)


def read(path: Path, account: str) -> Court:
    """Return the record at `path` as `account` sees it; of a record with one other account, that account's.

    Raises:
        BadData: the record is damaged, or has several accounts and none of that name.
    """
    events = list(lines(path))
    names = [event["account"] for event in events if event["event"] == "account"]
    if account not in names and len(names) > 1:
        raise BadData(f"{path} has the accounts {names}, none of them is {account}")
    return of(events, account if account in names or not names else names[0])


def of(events: Iterable[dict[str, Any]], account: str) -> Court:
    """Return what `events` of a court record, oldest first, say about `account`."""
    court = Court(account)
    reader = _Reader(court)
    for event in events:
        for name in ("start", "to", "at"):
            if name in event:
                court.until = max(court.until, moment_of(event[name]))
        # What a cancel, an answer or an acceptance is about is known by its number or order id alone.
        if event.get("account", account) == account and hasattr(reader, event["event"]):
            getattr(reader, event["event"])(event)
    return court


class _Reader:
    """One method per kind of event."""

    def __init__(self, court: Court) -> None:
        self._court = court
        self._requests: dict[int, Request] = {}
        self._placed: dict[int, dict[str, Any]] = {}
        self._orders: dict[int, CourtOrder] = {}
        self._cancels: dict[int, datetime] = {}
        self._clock_offset = timedelta(0)

    def open(self, event: dict[str, Any]) -> None:
        self._court.since = moment_of(event["start"])
        for instrument in event["instruments"]:
            steps = {name: Decimal(instrument[name]) for name in ("lot", "min_quantity", "min_notional")}
            self._court.steps[instrument["symbol"]] = steps

    def conditions(self, event: dict[str, Any]) -> None:
        self._clock_offset = timedelta(milliseconds=event["now"]["clock_offset_ms"])

    def account(self, event: dict[str, Any]) -> None:
        self._court.deposits = {currency: Decimal(amount) for currency, amount in event["balances"].items()}

    def request(self, event: dict[str, Any]) -> None:
        found = Request(event["of"], event["method"], event["path"], event["params"], moment_of(event["at"]))
        self._requests[found.number] = found
        self._court.requests.append(found)

    def answer(self, event: dict[str, Any]) -> None:
        if event["of"] in self._requests:
            self._requests[event["of"]].status = event["status"]
            self._requests[event["of"]].code = event["code"]

    def place(self, event: dict[str, Any]) -> None:
        self._placed[event["of"]] = event

    def accepted(self, event: dict[str, Any]) -> None:
        placed = self._placed[event["of"]]
        order = CourtOrder(
            str(event["order_id"]),
            event["client_id"],
            event["symbol"],
            OrderType(placed["type"]),
            Decimal(placed["quantity"]),
            placed["immediate"],
            event["of"],
            moment_of(event["at"]),
            clock_offset=self._clock_offset,
        )
        self._orders[event["order_id"]] = order
        self._court.orders.append(order)

    def cancel(self, event: dict[str, Any]) -> None:
        self._cancels[event["order_id"]] = moment_of(event["at"])

    def canceled(self, event: dict[str, Any]) -> None:
        if event["order_id"] in self._orders:
            self._orders[event["order_id"]].canceled_at = self._cancels[event["order_id"]]

    def fill(self, event: dict[str, Any]) -> None:
        price, quantity, fee = (Decimal(event[name]) for name in ("price", "quantity", "fee"))
        found = CourtFill(
            event["symbol"],
            str(event["trade_id"]),
            str(event["order_id"]),
            event["client_id"],
            event["side"],
            price,
            quantity,
            fee,
            event["fee_currency"],
            moment_of(event["at"]),
        )
        self._court.fills.append(found)
        self._orders[event["order_id"]].fills.append(found)
