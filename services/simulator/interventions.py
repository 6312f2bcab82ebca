"""What the control port can do to a venue that no request of an account does: each act is in the court record."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from services.simulator import events
from services.simulator.config import Money
from services.simulator.events import Event
from services.simulator.refusals import Refusal
from services.simulator.venue import Venue
from trading.money import text
from trading.order import OrderType, Side
from trading.simulation.filters import Ticket


class _Act(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Transfer(_Act):
    """A deposit into an account, or with a negative `amount` a withdrawal from it."""

    act: Literal["transfer"]
    account: str
    currency: str
    amount: Money

    def command(self, venue: Venue) -> Event:
        """Return the command for the court record."""
        account = _account(venue, self.account)
        return {"event": "transfer", "account": account, "currency": self.currency, "amount": text(self.amount)}


class Fees(_Act):
    """From now on `account` pays its fees in `coin` for as long as it has any; None for what it receives."""

    act: Literal["fees"]
    account: str
    coin: str | None

    def command(self, venue: Venue) -> Event:
        """Return the command for the court record."""
        return {"event": "fees", "account": _account(venue, self.account), "coin": self.coin}


class Rules(_Act):
    """New rules of `symbol`: `status` TRADING, HALT, BREAK or DELISTED, steps as multiples of the market's own."""

    act: Literal["rules"]
    symbol: str
    status: Literal["TRADING", "HALT", "BREAK", "DELISTED"] | None = None
    tick: Money | None = None
    lot: Money | None = None
    min_quantity: Money | None = None
    min_notional: Money | None = None

    def command(self, venue: Venue) -> Event:
        """Return the command for the court record."""
        changes = self.model_dump(mode="json", exclude={"act", "symbol"}, exclude_none=True)
        return {"event": "rules", "symbol": _symbol(venue, self.symbol), "changes": changes}


class ForeignOrder(_Act):
    """An order that somebody else places on `account`, by hand for example."""

    act: Literal["order"]
    account: str
    symbol: str
    side: Side
    type: OrderType
    quantity: Money
    limit: Money | None = None
    stop: Money | None = None
    client_id: str = ""

    def command(self, venue: Venue) -> Event:
        """Return the command for the court record."""
        account, symbol = _account(venue, self.account), _symbol(venue, self.symbol)
        asked = Ticket(account, symbol, self.client_id, self.side, self.type, self.quantity, self.limit, self.stop)
        return events.place(0, asked, venue.now) | {"foreign": True}


class ForeignCancel(_Act):
    """Somebody else cancels the order `client_id` of `account`."""

    act: Literal["cancel"]
    account: str
    symbol: str
    client_id: str

    def command(self, venue: Venue) -> Event:
        """Return the command for the court record."""
        return {"event": "cancel", "order_id": _order_id(venue, self.account, self.symbol, self.client_id)}


class ForcedFill(_Act):
    """The venue fills `quantity` of an order at its own price, whatever the market, its rest and its state."""

    act: Literal["fill"]
    account: str
    symbol: str
    client_id: str
    quantity: Money

    def command(self, venue: Venue) -> Event:
        """Return the command for the court record."""
        order_id = _order_id(venue, self.account, self.symbol, self.client_id)
        return {"event": "force", "order_id": order_id, "quantity": text(self.quantity)}


Act = Transfer | Fees | Rules | ForeignOrder | ForeignCancel | ForcedFill


class Intervention(RootModel[Annotated[Act, Field(discriminator="act")]]):
    """Any of the acts, told apart by `act`."""


def intervene(venue: Venue, intervention: Intervention) -> list[Event]:
    """Do it and return its consequences; Refusal for what does not exist, Denied for what cannot be done."""
    command = {"of": 0, **intervention.root.command(venue), "at": venue.now}
    return venue.recorded.command(command)


def _account(venue: Venue, name: str) -> str:
    if name not in venue.recorded.exchange.funds.accounts:
        raise Refusal(400, 0, f"there is no account {name}")
    return name


def _symbol(venue: Venue, symbol: str) -> str:
    if symbol not in venue.recorded.exchange.instruments:
        raise Refusal(400, 0, f"there is no symbol {symbol}")
    return symbol


def _order_id(venue: Venue, account: str, symbol: str, client_id: str) -> int:
    order = venue.recorded.exchange.latest.get((account, symbol, client_id))
    if order is None:
        raise Refusal(400, 0, f"{account} has no order {client_id} of {symbol}")
    return order.order_id
