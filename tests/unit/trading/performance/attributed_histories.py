"""Random histories of a book as its ledger would have them: partial fills, fees in three currencies, strangers."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from trading.accounting import journal
from trading.fill import Fill
from trading.instrument import Instrument
from trading.money import ZERO
from trading.order import Side
from trading.performance.closes import Close
from trading.performance.pnl_attribution import History
from trading.performance.signal_account import Execution, Posting, Wish

START = datetime(2024, 3, 1, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
BARS = 40
OWNERS = (("trend", "A/Q"), ("trend", "B/Q"), ("quotes", "A/Q"))
_OWNED = ("cash", "reserved", "position")
_STEP = Decimal("0.00001")


def posting(made: journal.Journal, owner: tuple[str, str], at: datetime) -> Posting:
    """Return a journal as the store tells it."""
    changes: dict[str, Decimal] = {}
    for line in made.lines:
        if line.account in _OWNED:
            changes[line.currency] = changes.get(line.currency, ZERO) + line.amount
    capital = -sum((line.amount for line in made.lines if line.account == "capital" and line.currency == "Q"), ZERO)
    return Posting(at, owner, made.kind, changes, capital)


class Maker:
    """Makes one history from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.postings: list[Posting] = []
        self.wishes: list[Wish] = []
        self.executions: list[Execution] = []
        self.closes: list[Close] = []
        self.prices = {"A": Decimal("61234.57"), "B": Decimal("0.0321"), "X": Decimal("310.4")}
        self.held = dict.fromkeys(OWNERS, ZERO)
        self.number = 0

    def history(self) -> History:
        """Return what happened in 40 bars."""
        for owner in OWNERS:
            deposit = journal.deposit("book", *owner, "Q", Decimal("33333.34"))
            self.postings.append(posting(deposit, owner, START))
        for bar in range(BARS + 1):
            self._bar(START + bar * HOUR)
        self.postings.append(self._stranger(START + 20 * HOUR))
        self.random.shuffle(self.executions)
        return History("Q", self.postings, self.wishes, self.executions, self.closes)

    def _bar(self, at: datetime) -> None:
        for coin, price in self.prices.items():
            self.closes.append(Close(f"{coin}/Q", at - HOUR, at, price))
        for owner in OWNERS:
            price = self.prices[owner[1][0]]
            regime = self.random.choice(["calm", "wild", None])
            exposure = None if owner[0] == "quotes" else Decimal(self.random.randint(0, 10)) / 10
            if self.random.random() < 0.7:
                self.wishes.append(Wish(at, owner, exposure, price, regime))
            for _ in range(self.random.randint(0, 2)):
                self._trade(owner, at + self.random.choice([0, 0, 7, 1234]) * timedelta(seconds=1), price, regime)
        for coin in self.prices:
            self.prices[coin] = self._near(self.prices[coin], 0.02)
        if self.random.random() < 0.1:
            self._fund(at)

    def _near(self, price: Decimal, far: float) -> Decimal:
        return (price * Decimal(repr(round(1 + self.random.uniform(-far, far), 6)))).quantize(Decimal("1e-8"))

    def _trade(self, owner: tuple[str, str], at: datetime, price: Decimal, regime: str | None) -> None:
        held, buys = self.held[owner], self.random.random() < 0.5
        quantity = (Decimal(self.random.randint(1, 5000)) / price).quantize(_STEP)
        if not buys:
            quantity = min(quantity, held.quantize(_STEP, rounding="ROUND_DOWN"))
        if quantity <= 0:
            return
        self.number += 1
        base, quote = owner[1].split("/")
        paid, named = self._near(price, 0.005), owner[0] == "quotes" or self.random.random() < 0.1
        currency = self.random.choice([base, quote, "X"])
        rate = {base: paid, quote: Decimal(1), "X": self.prices["X"]}[currency]
        fee = (quantity * paid * Decimal("0.001") / rate).quantize(Decimal("1e-10"))
        asked = paid if named else price
        arrival = asked if named else self._near(price, 0.001)
        trade = Fill("v", owner[1], str(self.number), "o", "c", Side.BUY if buys else Side.SELL, paid, quantity, fee,
                     currency, at)  # fmt: skip
        instrument = Instrument("v", owner[1], base, quote, _STEP, _STEP, _STEP, ZERO, ZERO, ZERO)
        self.postings.append(posting(journal.fill("book", trade, instrument), owner, at))
        signed = quantity * trade.side.sign
        self.held[owner] = held + signed - (fee if currency == base else ZERO)
        self.executions.append(Execution(at, owner, signed, paid, asked, arrival, fee, currency, rate, named, regime))

    def _fund(self, at: datetime) -> None:
        amount = Decimal(self.random.randint(-300, 300)) / 100
        self.postings.append(Posting(at, OWNERS[0], "FUNDING", {"Q": amount}, ZERO))

    def _stranger(self, at: datetime) -> Posting:
        trade = Fill("v", "A/Q", "s", "o", "", Side.BUY, Decimal(60000), Decimal("0.02"), Decimal(1), "Q", at)
        instrument = Instrument("v", "A/Q", "A", "Q", _STEP, _STEP, _STEP, ZERO, ZERO, ZERO)
        return posting(journal.foreign("book", trade, instrument), ("foreign", "A/Q"), at)
