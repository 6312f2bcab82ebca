"""The money of all accounts at the venue: what open orders lock, and what each execution moves."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from trading.instrument import Instrument
from trading.money import multiply
from trading.order import OrderType, Side
from trading.simulation.balances import Balances
from trading.simulation.costs import fee
from trading.simulation.filters import notional
from trading.simulation.matching import Execution
from trading.simulation.working_order import WorkingOrder


@dataclass(frozen=True, slots=True)
class Trade:
    """One fill as the venue books it: money in decimals, `at` in ms; `trade_id` is unique within the symbol."""

    symbol: str
    trade_id: int
    order_id: int
    client_id: str
    account: str
    side: Side
    price: Decimal
    quantity: Decimal
    quote: Decimal
    fee: Decimal
    fee_currency: str
    maker: bool
    at: int


class Funds:
    """Balances by account, and the locks of open orders."""

    def __init__(self, instruments: Mapping[str, Instrument]) -> None:
        self.accounts: dict[str, Balances] = {}
        self._instruments = instruments
        self._locks: dict[int, tuple[str, Decimal]] = {}

    def admit(self, account: str, balances: Mapping[str, Decimal]) -> None:
        """Open `account` with free `balances` by currency."""
        self.accounts[account] = Balances(balances)

    def require(self, order: WorkingOrder, market_cost: int) -> None:
        """Deny INSUFFICIENT_BALANCE unless the account can pay for `order`; `market_cost` in ticks times lots."""
        currency, amount = self._needed(order)
        if order.type is OrderType.MARKET and order.side is Side.BUY:
            amount = notional(1, market_cost, self._instruments[order.symbol])
        self.accounts[order.account].require(currency, amount)

    def hold(self, order: WorkingOrder) -> None:
        """Lock what the open rest of `order` may cost, and nothing once it is closed."""
        if order.open == (order.order_id in self._locks):
            return
        self._release(order)
        if order.open:
            needed = self._needed(order)
            self.accounts[order.account].lock(*needed)
            self._locks[order.order_id] = needed

    def settle(self, execution: Execution) -> Trade:
        """Move the money of `execution` and return the trade; call `hold` for its order afterwards."""
        order = execution.order
        instrument = self._instruments[order.symbol]
        self._release(order)
        quantity = multiply(Decimal(execution.lots), instrument.lot)
        quote = notional(execution.lots, execution.price, instrument)
        charged = fee(order.side, quantity, quote, instrument.maker_fee if execution.maker else instrument.taker_fee)
        bought, sold = (instrument.base, quantity), (instrument.quote, quote)
        received, paid = (bought, sold) if order.side is Side.BUY else (sold, bought)
        self.accounts[order.account].debit(*paid)
        self.accounts[order.account].credit(received[0], received[1] - charged)
        return Trade(
            symbol=order.symbol,
            trade_id=execution.trade_id,
            order_id=order.order_id,
            client_id=order.client_id,
            account=order.account,
            side=order.side,
            price=multiply(Decimal(execution.price), instrument.tick),
            quantity=quantity,
            quote=quote,
            fee=charged,
            fee_currency=received[0],
            maker=execution.maker,
            at=execution.at,
        )

    def _release(self, order: WorkingOrder) -> None:
        held = self._locks.pop(order.order_id, None)
        if held is not None:
            self.accounts[order.account].unlock(*held)

    def _needed(self, order: WorkingOrder) -> tuple[str, Decimal]:
        """Return (currency, amount) that the unfilled part of `order` may cost at its own price."""
        instrument = self._instruments[order.symbol]
        if order.side is Side.SELL:
            return instrument.base, multiply(Decimal(order.remaining), instrument.lot)
        price = order.limit or order.stop or 0
        return instrument.quote, notional(order.remaining, price, instrument)
