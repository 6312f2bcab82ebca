"""Every total ties with the ledger to the last digit, whatever was traded."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext

from hypothesis import given, settings
from hypothesis import strategies as st

from trading.accounting import journal
from trading.fill import Fill
from trading.instrument import Instrument
from trading.money import CONTEXT, ZERO, floor_to
from trading.order import Side
from trading.performance.attribution import breakdown
from trading.performance.closes import Close
from trading.performance.drawdown import deepest
from trading.performance.equity import equity_curve
from trading.performance.movement import Movement, fee_value
from trading.performance.period import Period
from trading.performance.positions import positions
from trading.performance.round_trips import by_order
from trading.timeframe import Timeframe

START = datetime(2024, 1, 1, tzinfo=UTC)
HOUR = Timeframe.parse("1h")
OWNERS = [("a", "BTC/USDT"), ("b", "BTC/USDT"), ("a", "ETH/USDT")]
STEP = Decimal("0.00000001")
prices = st.decimals(Decimal("0.00000011"), Decimal("98765.43210987"), places=8)
trades = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.booleans(),
        st.decimals(Decimal("0.01"), 1, places=2),
        prices,
        st.booleans(),
        st.integers(0, 300),
    ),
    max_size=25,
)


def moved(entry: journal.Journal, at: datetime, owner: tuple[str, str]) -> Movement:
    """Return the movement of one journal, as analytics.movements adds its lines up."""
    base = owner[1].split("/")[0]

    def total(accounts: set[str], *, of_base: bool) -> Decimal:
        lines = (line for line in entry.lines if line.account in accounts and (line.currency == base) is of_base)
        return sum((line.amount for line in lines), ZERO)

    owned = {"cash", "reserved", "position"}
    traded = total({"market"}, of_base=False)
    fee = fee_value(
        total({"fees"}, of_base=True), total({"fees"}, of_base=False), total({"market"}, of_base=True), traded
    )
    capital = -total({"capital"}, of_base=False)
    amounts = (total(owned, of_base=True), total(owned, of_base=False), fee, abs(traded), capital)
    return Movement(at, *owner, entry.ref, *amounts)


def history(drawn: list[tuple[int, bool, Decimal, Decimal, bool, int]]) -> tuple[list[Movement], list[journal.Line]]:
    """Return the movements of deposits and of trades that the sub-accounts can afford, and all their ledger lines."""
    journals = [(START, owner, journal.deposit("book", *owner, "USDT", Decimal("33333.33"))) for owner in OWNERS]
    held = dict.fromkeys(OWNERS, ZERO)
    at = START
    for number, (place, buys, share, price, pays_base, minutes) in enumerate(drawn):
        owner = OWNERS[place]
        at += timedelta(minutes=minutes)
        amount = floor_to(share * 1000 / price if buys else held[owner] * share, STEP)
        if amount <= ZERO:
            continue
        fee = (amount if pays_base and buys else amount * price) * Decimal("0.00075")
        currency = owner[1].split("/")[0] if pays_base and buys else "USDT"
        side = Side.BUY if buys else Side.SELL
        order = f"order {number // 2}"
        fill = Fill("v", owner[1], str(number), "1", order, side, price, amount, fee, currency, at)
        coin, quote = owner[1].split("/")
        steps = (STEP, STEP, STEP, ZERO, ZERO, ZERO)
        journals.append((at, owner, journal.fill("book", fill, Instrument("v", owner[1], coin, quote, *steps))))
        held[owner] += side.sign * amount - (fee if currency == coin else ZERO)
    return [moved(entry, at, owner) for at, owner, entry in journals], [
        line for _, _, entry in journals for line in entry.lines
    ]


@settings(max_examples=150)
@given(trades, st.lists(prices, min_size=2, max_size=30), st.integers(0, 29))
def test_profits_and_fees_explain_every_change_of_equity(drawn, closing, opens_after):
    with localcontext(CONTEXT):
        movements, lines = history(drawn)
        closes = [
            Close(symbol, START + (n - 1) * HOUR.delta, START + n * HOUR.delta, price * scale)
            for n, price in enumerate(closing)
            for symbol, scale in (("BTC/USDT", 1), ("ETH/USDT", 2))
        ]
        end = START + 200 * HOUR.delta
        period = Period(START, START + (opens_after % len(closing)) * HOUR.delta, end, HOUR)
        found = breakdown(movements, closes, period)
        whole = found.total
        first, last = equity_curve(movements, closes, [START, end], START)

        owned = {(c, a): ZERO for c in ("USDT", "BTC", "ETH") for a in ("owned", "fees")}
        for line in lines:
            kind = "owned" if line.account in {"cash", "reserved", "position"} else line.account
            if kind in ("owned", "fees"):
                owned[line.currency, kind] += line.amount
        price = closing[-1]
        by_hand = owned["USDT", "owned"] + owned["BTC", "owned"] * price + owned["ETH", "owned"] * price * 2
        assert last.equity == whole.closing == by_hand

        assert first.equity == first.deposits == Decimal("99999.99")
        assert last.equity - first.equity == whole.realised + whole.unrealised == whole.pnl_since_start
        gross = whole.pnl_since_start + whole.fees_since_start
        assert last.equity - first.equity == gross - last.fees
        assert whole.closing - whole.opening == whole.deposited + whole.pnl
        assert whole.opening == equity_curve(movements, closes, [START, period.opens], START)[-1].equity

        for part in (found.by(lambda owner: owner[0]), found.by(lambda owner: owner[1])):
            assert sum((share.pnl for share in part.values()), ZERO) == whole.pnl
            assert sum((share.fees_since_start for share in part.values()), ZERO) == last.fees
        held = positions(movements, closes, [end], START)
        assert sum((row.value for row in held), ZERO) == last.positions == whole.position
        assert sum((row.value - row.cost for row in held), ZERO) == whole.unrealised
        assert sum((trip.pnl for trip in by_order(list(found.trips))), ZERO) == whole.realised
        assert deepest(equity_curve(movements, closes, period.times[:20], START)) <= 0
