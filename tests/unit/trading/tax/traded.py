"""Books that have traded, drawn by seed: partial fills, fees in any coin, rebates, strangers, openings, corrections."""

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from trading.accounting import journal
from trading.accounting.journal import Journal
from trading.fill import Fill
from trading.instrument import Instrument
from trading.money import CONTEXT, ZERO, multiply
from trading.order import Side
from trading.tax.books import Book, Capital
from trading.tax.rates import Question, Quoted

START = datetime(2024, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
PRICES = {
    "BTC/USDT": 61_000,
    "ETH/USDT": 3_100,
    "ETH/BTC": "0.0508",
    "BTC/USD": 60_900,
    "BNB/USDT": 590,
    "USD/USDT": "1.001",
}
#: What coins are worth in dollars, hour by hour: these series have closes.
SERIES = {
    "USDT/USD": "0.9991",
    "BNB/USDT": "590",
    "BTC/USDT": "61000",
    "ETH/BTC": "0.0508",
    "BTC/EUR": "56000",
    "EUR/USD": "1.08",
}
LOT, TICK, PLACES = Decimal("0.00001"), Decimal("0.0001"), Decimal("1e-8")
OWNED = ("cash", "reserved", "position")


@dataclass
class Traded:
    """A book in the making; `book` is what the store would tell of it, `journals` what its ledger holds."""

    seed: int
    venue: str = "binance"
    fills: list[Fill] = field(default_factory=list[Fill])
    strangers: list[Fill] = field(default_factory=list[Fill])
    taken_back: list[Fill] = field(default_factory=list[Fill])
    capital: list[tuple[str, datetime, str, Decimal]] = field(default_factory=list)
    held: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    @property
    def name(self) -> str:
        return f"book-{self.seed}"

    def journals(self) -> list[tuple[Journal, datetime]]:
        made = [(journal.fill(self.name, fill, pair(fill.symbol)), fill.ts) for fill in (*self.fills, *self.taken_back)]
        made += [(journal.foreign(self.name, fill, pair(fill.symbol)), fill.ts) for fill in self.strangers]
        for fill in self.taken_back:
            made.append((journal.reversal(journal.fill(self.name, fill, pair(fill.symbol))), fill.ts + HOUR))
        for number, (kind, ts, coin, amount) in enumerate(self.capital):
            if kind == "DEPOSIT":
                made.append((journal.deposit(self.name, f"s{number}", "-", coin, amount), ts))
            else:
                made.append(
                    (journal.adjustment(self.name, f"adjustment:{self.name}:{number}:{coin}", coin, amount), ts)
                )
        return made

    def owned(self) -> dict[str, Decimal]:
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for each, _ in self.journals():
            for line in each.lines:
                if line.account in OWNED:
                    sums[line.currency] = CONTEXT.add(sums[line.currency], line.amount)
        return {coin: amount for coin, amount in sorted(sums.items()) if amount}

    def book(self) -> Book:
        capital = [Capital(*row) for row in sorted(self.capital, key=lambda row: row[1])]
        trades = sorted((*self.fills, *self.strangers), key=lambda fill: (fill.ts, int(fill.trade_id)))
        foreign = frozenset(fill.trade_id for fill in self.strangers)
        return Book(self.name, self.venue, trades, capital, self.owned(), foreign)


def pair(symbol: str) -> Instrument:
    base, quote = symbol.split("/")
    return Instrument("binance", symbol, base, quote, TICK, LOT, LOT, ZERO, ZERO, ZERO)


def close(symbol: str, ts: datetime) -> Decimal:
    """Return the close of the bar that ended last by `ts`: another one each hour."""
    hours = int((ts - START) / HOUR)
    return Decimal(SERIES[symbol]) * (1000 + hours % 17) / 1000


def closes(asked: list[Question]) -> dict[Question, Quoted]:
    return {(symbol, ts): Quoted(close(symbol, ts), "binance 1h") for symbol, ts in asked}


def traded(seed: int, orders: int = 12, days: int = 500) -> Traded:
    """Draw a book whose orders are spread over `days`."""
    draw = random.Random(seed)
    made = Traded(seed)
    for coin, most in (("USDT", 90_000), ("USD", 40_000), ("BNB", 40), ("BTC", 2)):
        parts = draw.randint(1, 3) if coin != "BTC" else draw.randint(0, 1)
        for _ in range(parts):
            made.capital.append(("DEPOSIT", START, coin, Decimal(draw.randint(most * 50, most * 100)) / 100))
            made.held[coin] += made.capital[-1][3]
    minutes = sorted(draw.randint(1, days * 1440) for _ in range(orders))
    for number, minute in enumerate(minutes):
        at = START + timedelta(minutes=minute)
        if draw.random() < 0.12:
            _correct(draw, made, at)
        else:
            _order(draw, made, at, number)
    return made


def _correct(draw: random.Random, made: Traded, at: datetime) -> None:
    coin = draw.choice(sorted(coin for coin, held in made.held.items() if held > 1) or ["USDT"])
    amount = Decimal(draw.randint(-999, 999)) / 1000
    if amount and made.held[coin] + amount > 0:
        made.capital.append(("ADJUSTMENT", at, coin, amount))
        made.held[coin] += amount


def _order(draw: random.Random, made: Traded, at: datetime, number: int) -> None:
    symbol = draw.choice(sorted(PRICES))
    base, quote = symbol.split("/")
    side = draw.choice((Side.BUY, Side.SELL))
    price = (Decimal(PRICES[symbol]) * draw.randint(800, 1300) / 1000).quantize(TICK)
    spent, worth = (quote, price) if side is Side.BUY else (base, Decimal(1))
    most = made.held[spent] * Decimal("0.4") / worth
    for part in range(draw.randint(1, 4)):
        quantity = (most * draw.randint(1, 30) / 100).quantize(LOT)
        if quantity <= 0:
            continue
        ts = at + timedelta(seconds=part * draw.randint(0, 50))
        fee, coin = _fee(draw, made, symbol, side, quantity, price)
        trade_id = str(number * 10 + part + 1)
        fill = Fill(made.venue, symbol, trade_id, f"v{number}", "", side, price, quantity, fee, coin, ts)
        chance = draw.random()
        if chance < 0.05:
            made.taken_back.append(fill)
            continue
        (made.strangers if chance < 0.15 else made.fills).append(fill)
        came, went = (base, quote) if side is Side.BUY else (quote, base)
        paid = multiply(price, quantity)
        made.held[came] += quantity if side is Side.BUY else paid
        made.held[went] -= paid if side is Side.BUY else quantity
        made.held[coin] -= fee


def _fee(
    draw: random.Random, made: Traded, symbol: str, side: Side, quantity: Decimal, price: Decimal
) -> tuple[Decimal, str]:
    base, quote = symbol.split("/")
    kind = draw.choice(("received", "third", "quote", "none", "rebate"))
    value = multiply(price, quantity)
    if kind == "third" and made.held["BNB"] > 1:
        return (Decimal(draw.randint(1, 900)) / 10_000), "BNB"
    if kind == "received" and side is Side.BUY:
        return (quantity / 1000).quantize(PLACES), base
    if kind == "rebate":
        return -(value / 20_000).quantize(PLACES), quote
    return (ZERO if kind == "none" else (value / 1000).quantize(PLACES)), quote
