"""A backtest made by hand: two strategies on two seeded markets, with its orders, fills, movements and curve."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext

from trading.backtest.result import Backtest, Placed
from trading.fill import Fill
from trading.money import CONTEXT, ZERO, floor_to
from trading.order import Leg, Order, OrderKey, OrderRequest, OrderState, OrderType, Side
from trading.performance.closes import Close
from trading.performance.equity import equity_curve
from trading.performance.movement import Movement
from trading.performance.period import Period
from trading.timeframe import Timeframe

D = Decimal
START = datetime(2023, 11, 10, tzinfo=UTC)
FOUR_HOURS = Timeframe.parse("4h")
SYMBOLS = ("BTC/USDT", "ETH/USDT")
CAPITAL = D(100_000)
SEED = 20
Wants = Callable[[Sequence[Decimal], bool], bool]


def trend(closes: Sequence[Decimal], held: bool) -> bool:
    """Want what stands above its mean of thirty bars."""
    return len(closes) >= 30 and closes[-1] > sum(closes[-30:]) / 30


def reversion(closes: Sequence[Decimal], held: bool) -> bool:
    """Want what fell 2.5 % below its mean of twenty bars, until it is back there."""
    if len(closes) < 20:
        return False
    mean = sum(closes[-20:]) / 20
    return closes[-1] < mean * (D(1) if held else D("0.975"))


def never(closes: Sequence[Decimal], held: bool) -> bool:
    """Want nothing."""
    return False


@dataclass
class _Book:
    """What trading leaves behind."""

    orders: list[Placed] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    movements: list[Movement] = field(default_factory=list)

    def trade(self, at: datetime, owner: tuple[str, str], side: Side, quantity: Decimal, price: Decimal) -> Movement:
        """Fill a market order a little worse than `price`, for a fee of 0.1 % in quote."""
        number = len(self.orders) + 1
        paid = (price * (D(1) + D("0.0002") * side.sign)).quantize(D("0.01"))
        value = quantity * paid
        fee = value * D("0.001")
        order = request(owner, side, quantity, price, number, OrderState.FILLED)
        self.orders.append(Placed(order, at, f"{owner[0]} says so"))
        ids = (str(number), str(1000 + number), order.client_id)
        self.fills.append(Fill("venue", owner[1], *ids, side, paid, quantity, fee, "USDT", at))
        moved = Movement(at, *owner, order.client_id, side.sign * quantity, -side.sign * value - fee, fee, value)
        self.movements.append(moved)
        return moved


def request(
    owner: tuple[str, str], side: Side, quantity: Decimal, price: Decimal, number: int, state: OrderState
) -> Order:
    """Return an order of `owner` as it ended."""
    key = OrderKey(f"signal {number}", 1, Leg.ENTRY if side is Side.BUY else Leg.EXIT)
    wanted = OrderRequest(key, "made", owner[0], "venue", owner[1], side, OrderType.MARKET, quantity, price)
    return Order(wanted, key.client_id("made", 1), state, 1, 1)


def prices(bars: int) -> dict[str, list[Decimal]]:
    """Return seeded closes of both symbols: the one before the start, and one for every bar."""
    chance = random.Random(SEED)
    found: dict[str, list[Decimal]] = {"BTC/USDT": [D("37000.00")], "ETH/USDT": [D("2050.00")]}
    drift = 0.0
    for bar in range(bars):
        if bar % 90 == 0:
            drift = chance.choice((-0.0016, 0.0006, 0.0022))
        market = chance.gauss(drift, 0.008)
        for symbol in SYMBOLS:
            own = market + chance.gauss(0, 0.005)
            found[symbol].append((found[symbol][-1] * D(repr(1 + own))).quantize(D("0.01")))
    return found


def made_backtest(bars: int = 600, strategies: dict[str, Wants] | None = None) -> Backtest:
    """Return a backtest of `bars` bars of four hours; without `strategies`, those of this module."""
    wants = {"trend": trend, "reversion": reversion} if strategies is None else strategies
    period = Period(START, START, START + bars * FOUR_HOURS.delta, FOUR_HOURS)
    closes = [
        Close(symbol, START + (bar - 1) * FOUR_HOURS.delta, START + bar * FOUR_HOURS.delta, price)
        for symbol, series in prices(bars).items()
        for bar, price in enumerate(series)
    ]
    book = _Book()
    with localcontext(CONTEXT):
        share = CAPITAL / (len(wants) * len(SYMBOLS))
        for strategy, wish in wants.items():
            for symbol in SYMBOLS:
                _run(book, (strategy, symbol), wish, prices(bars)[symbol], share)
        refused = request(("trend", "BTC/USDT"), Side.BUY, D("0.00001"), D(37000), 9999, OrderState.REJECTED)
        orders = [*book.orders, Placed(refused, START, "a remainder", "MIN_NOTIONAL")] if book.orders else []
        movements = sorted(book.movements, key=lambda moved: moved.at)
        return Backtest(
            book="made",
            venue="venue",
            quote="USDT",
            symbols=SYMBOLS,
            strategies=[*wants],
            period=period,
            signals=bars * len(wants) * len(SYMBOLS),
            verdicts={"HOLD": 3 * bars, "TRADE": len(book.orders), "DENIED: correlation_limit": 7 if bars > 1 else 0},
            missing={"ETH/USDT": 3} if bars > 3 else {},
            orders=sorted(orders, key=lambda placed: placed.at),
            fills=sorted(book.fills, key=lambda fill: fill.ts),
            decisions=[],
            movements=movements,
            closes=closes,
            curve=equity_curve(movements, closes, period.times, START),
        )


def _run(book: _Book, owner: tuple[str, str], wants: Wants, series: list[Decimal], share: Decimal) -> None:
    """Trade one sub-account: what is wanted at a close is bought or sold a second into the next bar."""
    book.movements.append(Movement(START, *owner, "made", ZERO, share, capital=share))
    cash, held = share, ZERO
    for bar in range(len(series) - 1):
        at = START + bar * FOUR_HOURS.delta + timedelta(seconds=1)
        wanted = wants(series[max(0, bar - 29) : bar + 1], held > ZERO)
        if wanted == (held > ZERO):
            continue
        side = Side.BUY if wanted else Side.SELL
        quantity = floor_to(cash * D("0.95") / series[bar], D("0.0001")) if wanted else held
        moved = book.trade(at, owner, side, quantity, series[bar])
        cash, held = cash + moved.quote, held + moved.base
