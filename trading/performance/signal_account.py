"""A sub-account seen twice: what it held, and what its signals asked to hold, both at the signals' own prices."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from trading.errors import BadData
from trading.money import ONE, ZERO, divide, multiply, round_to
from trading.performance.pnl_parts import Parts

#: Asked quantities are kept to this step of the base currency, so that all that rests on them stays exact.
_STEP = Decimal("1e-12")

Owner = tuple[str, str]


@dataclass(frozen=True)
class Wish:
    """What a signal asked for at `at`: `exposure` of the equity, None for what is held; `price` in quote per base."""

    at: datetime
    owner: Owner
    exposure: Decimal | None
    price: Decimal
    regime: str | None


@dataclass(frozen=True)
class Execution:
    """A fill: `quantity` in base, below 0 for a sale; prices in quote per base; the fee as it was booked.

    `fee_rate` is the worth of one `fee_currency` in quote at that time. `named` says that the order named its price,
    as quotes and stops do: such a fill is what the signal asked for.
    """

    at: datetime
    owner: Owner
    quantity: Decimal
    price: Decimal
    signal_price: Decimal
    arrival_price: Decimal
    fee: Decimal
    fee_currency: str
    fee_rate: Decimal
    named: bool
    regime: str | None


@dataclass(frozen=True)
class Posting:
    """A journal of the ledger: what it changed in what is owned, by currency, and the capital (quote) it brought."""

    at: datetime
    owner: Owner
    kind: str
    changes: Mapping[str, Decimal]
    capital: Decimal


@dataclass
class _Sums:
    """What has come together under one regime, in quote; `path` is what the holding made at the signals' prices."""

    signal: Decimal = ZERO
    path: Decimal = ZERO
    timing: Decimal = ZERO
    slippage: Decimal = ZERO
    fee: Decimal = ZERO
    funding: Decimal = ZERO


@dataclass
class SignalAccount:
    """Takes postings, wishes and executions in their order; what came of them can be read in between."""

    base: str
    quote: str
    owned: dict[str, Decimal] = field(default_factory=lambda: defaultdict[str, Decimal](Decimal))
    capital: Decimal = ZERO
    _corrected: dict[str, Decimal] = field(default_factory=lambda: defaultdict[str, Decimal](Decimal))
    _sums: dict[str | None, _Sums] = field(default_factory=lambda: defaultdict[str | None, _Sums](_Sums))
    _held: Decimal = ZERO
    _asked: Decimal = ZERO
    _mark: Decimal | None = None
    _regime: str | None = None

    def post(self, posting: Posting) -> None:
        """Take what the ledger says into what is owned; what is no fill of ours and no deposit is a correction."""
        for currency, amount in posting.changes.items():
            self.owned[currency] += amount
        self.capital += posting.capital
        if posting.kind == "FUNDING":
            self._sums[self._regime].funding += posting.changes.get(self.quote, ZERO)
        elif posting.kind not in ("FILL", "DEPOSIT"):
            for currency, amount in posting.changes.items():
                self._corrected[currency] += amount
            self._corrected[self.quote] -= posting.capital

    def wish(self, wish: Wish) -> None:
        """Move on to the price of the signal, and ask for what it asks for."""
        self._move(wish.price)
        self._regime = wish.regime
        equity = self.owned[self.quote] + multiply(self.owned[self.base], wish.price)
        if wish.exposure is None:
            self._asked = self._held
        else:
            self._asked = round_to(divide(multiply(max(equity, ZERO), wish.exposure), wish.price), _STEP)

    def execute(self, fill: Execution) -> None:
        """Take a fill in at its signal's price; what it differs from that is timing and slippage."""
        sums = self._sums[fill.regime]
        sums.timing += multiply(fill.quantity, fill.signal_price - fill.arrival_price)
        sums.slippage += multiply(fill.quantity, fill.arrival_price - fill.price)
        fee = multiply(fill.fee, fill.fee_rate)
        sums.fee -= fee
        if fill.named:
            self._ask(self._share(fill.quantity), fill.signal_price)
        self._hold(fill.quantity, fill.signal_price)
        if fill.fee_currency == self.base:
            self._hold(-fill.fee, fill.price)
        elif fill.fee_currency != self.quote:
            self._corrected[fill.fee_currency] -= fill.fee
            self._corrected[self.quote] += fee

    def profit(self, prices: Mapping[str, Decimal]) -> Decimal:
        """Return what the ledger has earned since its beginning at `prices` (quote per unit of each currency)."""
        return _worth(self.owned, prices, self.quote) - self.capital

    def parts(self, prices: Mapping[str, Decimal]) -> dict[str | None, Parts]:
        """Return what made the profit at `prices`, by the regime that was in force at the signal (None: no label)."""
        found = {
            regime: Parts(s.signal, s.path - s.signal, s.timing, s.slippage, s.fee, s.funding)
            for regime, s in self._sums.items()
        }
        if self._mark is not None and (self._held or self._asked):
            moved = _price(self.base, prices, self.quote) - self._mark
            asked, held = multiply(self._asked, moved), multiply(self._held, moved)
            found[self._regime] = found.get(self._regime, Parts()) + Parts(asked, held - asked)
        correction = _worth(self._corrected, prices, self.quote)
        if correction:
            found[None] = found.get(None, Parts()) + Parts(correction=correction)
        return found

    def _move(self, price: Decimal) -> None:
        if self._mark is not None:
            sums, moved = self._sums[self._regime], price - self._mark
            sums.signal += multiply(self._asked, moved)
            sums.path += multiply(self._held, moved)
        self._mark = price

    def _share(self, quantity: Decimal) -> Decimal:
        """Return what a fill asks for: a purchase itself, a sale the share of the asked that it sells of the held."""
        if quantity > ZERO or self._held <= ZERO:
            return quantity
        share = min(divide(-quantity, self._held), ONE)
        return -round_to(multiply(self._asked, share), _STEP)

    def _ask(self, quantity: Decimal, price: Decimal) -> None:
        self._sums[self._regime].signal += multiply(quantity, self._gap(price))
        self._asked += quantity

    def _hold(self, quantity: Decimal, price: Decimal) -> None:
        self._sums[self._regime].path += multiply(quantity, self._gap(price))
        self._held += quantity

    def _gap(self, price: Decimal) -> Decimal:
        """Return how far the price that all is marked at lies above `price`; the first price is that mark."""
        if self._mark is None:
            self._mark = price
        return self._mark - price


def _worth(amounts: Mapping[str, Decimal], prices: Mapping[str, Decimal], quote: str) -> Decimal:
    return sum((multiply(amount, _price(c, prices, quote)) for c, amount in amounts.items() if amount), ZERO)


def _price(currency: str, prices: Mapping[str, Decimal], quote: str) -> Decimal:
    if currency == quote:
        return ONE
    if currency not in prices:
        raise BadData(f"{currency} is held and no close of {currency}/{quote} is known: load its candles")
    return prices[currency]
