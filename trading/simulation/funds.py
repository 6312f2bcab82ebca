"""The money of all accounts at the venue: what open orders lock, and what each execution moves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from trading.instrument import Instrument
from trading.money import ZERO, multiply
from trading.order import OrderType, Side
from trading.simulation.balances import Balances
from trading.simulation.costs import coin_fee, fee
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
    """Balances by account, and the locks of open orders; `fee_coins` names the coin in which an account pays its fees.

    `price` answers what a coin costs in a quote currency, or None: then the fee is taken from what is received.
    """

    def __init__(self, instruments: Mapping[str, Instrument], price: Callable[[str, str], Decimal | None]) -> None:
        self.accounts: dict[str, Balances] = {}
        self.fee_coins: dict[str, str | None] = {}
        self._instruments = instruments
        self._price = price
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

    def require_cost(self, order: WorkingOrder, ticks: int, lots: int) -> None:
        """Deny INSUFFICIENT_BALANCE unless the account, with what `order` locks, can pay for `lots` at `ticks`."""
        instrument = self._instruments[order.symbol]
        bought = instrument.quote, notional(lots, ticks, instrument)
        sold = instrument.base, multiply(Decimal(lots), instrument.lot)
        self._release(order)
        try:
            self.accounts[order.account].require(*(bought if order.side is Side.BUY else sold))
        finally:
            self.hold(order)

    def settle(self, execution: Execution) -> Trade:
        """Move the money of `execution` and return the trade; call `hold` for its order afterwards."""
        order = execution.order
        instrument = self._instruments[order.symbol]
        self._release(order)
        quantity = multiply(Decimal(execution.lots), instrument.lot)
        quote = notional(execution.lots, execution.price, instrument)
        rate = instrument.maker_fee if execution.maker else instrument.taker_fee
        bought, sold = (instrument.base, quantity), (instrument.quote, quote)
        received, paid = (bought, sold) if order.side is Side.BUY else (sold, bought)
        account = self.accounts[order.account]
        account.debit(*paid)
        account.credit(*received)
        charged, currency = self._coin_fee(order, paid[0], received[0], multiply(quote, rate)) or (
            fee(order.side, quantity, quote, rate),
            received[0],
        )
        account.debit(currency, charged)
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
            fee_currency=currency,
            maker=execution.maker,
            at=execution.at,
        )

    def _coin_fee(self, order: WorkingOrder, paid: str, received: str, worth: Decimal) -> tuple[Decimal, str] | None:
        """Return the fee `worth` so much quote currency in the account's own coin; None when it cannot pay it so.

        A coin that the order itself pays with may be promised to the rest of it, and is left alone.
        """
        coin = self.fee_coins.get(order.account)
        if coin is None or coin in {paid, received}:
            return None
        price = self._price(coin, self._instruments[order.symbol].quote)
        if price is None:
            return None
        charged = coin_fee(worth, price)
        return (charged, coin) if self.accounts[order.account].free.get(coin, ZERO) >= charged else None

    def _release(self, order: WorkingOrder) -> None:
        held = self._locks.pop(order.order_id, None)
        if held is not None:
            self.accounts[order.account].unlock(*held)

    def _needed(self, order: WorkingOrder) -> tuple[str, Decimal]:
        """Return (currency, amount) that the unfilled part of `order` may cost at its own price."""
        instrument = self._instruments[order.symbol]
        if order.side is Side.SELL:
            return instrument.base, multiply(Decimal(order.remaining), instrument.lot)
        if order.late and order.type is OrderType.MARKET:
            return instrument.quote, notional(1, order.owed, instrument)
        price = order.limit or order.stop or 0
        return instrument.quote, notional(order.remaining, price, instrument)
