"""The one decision path of backtest, paper and live: signal > target > risk > orders > compliance."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from trading.account import Account
from trading.compliance.screen import screen
from trading.errors import Denied
from trading.execution.ladder import Rung, ladder
from trading.execution.plan import Plan, plan
from trading.instrument import Instrument
from trading.limits import Limits
from trading.money import ZERO
from trading.order import Leg, Order, OrderRequest, Side
from trading.quote import Quote
from trading.risk import drawdown_guard, entry_gate, position_limit, risk_at_stop, trading_hours
from trading.signal import Signal
from trading.sizing import pyramid, volatility_target
from trading.target import Target
from trading.timeframe import Timeframe


@dataclass(frozen=True)
class Market:
    """What a decision sees of the market: the instrument, its last price (quote per base) and the time."""

    instrument: Instrument
    price: Decimal
    now: datetime


@dataclass(frozen=True)
class Decision:
    """The answer: TRADE with orders and cancels, HOLD with a reason, or DENIED with the refusing rule."""

    verdict: str
    reason: str
    target: Decimal
    requests: tuple[OrderRequest, ...] = ()
    cancels: tuple[Order, ...] = ()


def decide(signal: Signal, account: Account, market: Market, limits: Limits, decision_no: int) -> Decision:
    """Return what to do about `signal` now. Pure: the same arguments give the same decision, to the last digit.

    A signal that was in force when it was first decided about keeps protecting its position after it has expired, but
    changes the holding no more. Quotes that it finds resting go, whenever it came.
    """
    resting = any(order.request.key.leg.quoted for order in account.working)
    if market.now >= signal.valid_until and decision_no == 1 and not resting:
        return Decision("DENIED", "expired", account.holding)
    rungs: tuple[Rung, ...] = ()
    try:
        target, rungs = _target(signal, account, market, limits), _rungs(signal, account, market, limits)
        step = plan(target.quantity, account, signal, market.price, market.instrument, limits, decision_no, rungs)
        refusal = _refusal(step, signal, market, limits)
    except Denied as unknown:
        target, step, refusal = Target(account.holding), Plan(), str(unknown)
    if refusal:
        target = Target(account.holding, (refusal,))
        step = _without_growth(signal, account, market, limits, decision_no, rungs)
        if not (step.requests or step.cancels):
            return Decision("DENIED", refusal, account.holding)
    return _decision(target, step, signal)


def _without_growth(
    signal: Signal, account: Account, market: Market, limits: Limits, decision_no: int, rungs: tuple[Rung, ...]
) -> Plan:
    """Return what is to be done where nothing may grow: it is protected and offered nevertheless, as far as may be."""
    held, asks = account.holding, tuple(rung for rung in rungs if rung.leg is Leg.ASK)
    for kept in (asks, ()):
        step = plan(held, account, signal, market.price, market.instrument, limits, decision_no, kept)
        if not _refusal(step, signal, market, limits):
            return step
    return Plan()


def _refusal(step: Plan, signal: Signal, market: Market, limits: Limits) -> str:
    """Return why compliance refuses an order of `step`, "" when it refuses none."""
    try:
        for request in step.requests:
            screen(request, market.price, signal.reference_price, market.instrument, limits)
    except Denied as refusal:
        return str(refusal)
    return ""


def _target(signal: Signal, account: Account, market: Market, limits: Limits) -> Target:
    if market.now >= signal.valid_until:
        return Target(account.holding, ("expired",))
    if _stopped(signal, account):
        return Target(ZERO, ("stopped_out",))
    if signal.exposure is None:
        return Target(account.holding)
    wanted = _sized(signal, signal.exposure, account, market, market.price, limits)
    target = _risked(wanted, signal, account, market, market.price, limits)
    target = pyramid.apply(target, account, market.price, market.instrument, limits)
    if account.taken_at is not None and account.taken_at >= signal.decided_at:
        target = target.capped(account.holding, "profit_taken")
    return entry_gate.apply(target, account.holding, account.entry_gate_open, account.gate_reason)


def _rungs(signal: Signal, account: Account, market: Market, limits: Limits) -> tuple[Rung, ...]:
    """Return the quotes that are to rest now: none on doubtful data, of a signal that is over, or after a stop."""
    if not signal.quotes:
        return ()
    if market.now >= signal.valid_until or _stopped(signal, account) or not account.entry_gate_open:
        return ()
    wanted: list[tuple[Quote, Decimal]] = []
    for quote in signal.quotes:
        target = _sized(signal, quote.exposure, account, market, quote.price, limits)
        if quote.side is Side.BUY:
            target = _risked(target, signal, account, market, quote.price, limits)
        wanted.append((quote, target.quantity))
    return ladder(wanted, account, market.instrument, limits)


def _stopped(signal: Signal, account: Account) -> bool:
    """Whether a stop has filled since `signal` was decided: it began before that, so it does not begin anew."""
    return account.stopped_at is not None and account.stopped_at >= signal.decided_at


def _sized(
    signal: Signal, exposure: Decimal, account: Account, market: Market, price: Decimal, limits: Limits
) -> Target:
    """Return the holding that `exposure` is at `price`, within what one position may be."""
    equity = account.equity(price)
    target = volatility_target.size(
        exposure,
        signal.volatility,
        Timeframe.parse(signal.timeframe),
        equity,
        price,
        limits.target_volatility,
        market.instrument,
    )
    return position_limit.apply(target, equity, price, limits.max_position, market.instrument)


def _risked(target: Target, signal: Signal, account: Account, market: Market, price: Decimal, limits: Limits) -> Target:
    """Return `target` as far as past losses, the one at the stop and the hour allow it to grow at `price`."""
    equity, one = account.equity(market.price), market.instrument
    level = None if signal.stop is None else account.stop_level(signal.reference_price, signal.stop, one)
    target = risk_at_stop.apply(target, account.holding, equity, price, level, limits.max_loss, one)
    target = drawdown_guard.apply(target, account.holding, equity, account.peak_equity, limits.max_drawdown)
    return trading_hours.apply(target, account.holding, market.now, limits.closed)


def _decision(target: Target, step: Plan, signal: Signal) -> Decision:
    reasons = ",".join(part for part in (*target.reasons, step.reason, signal.reason) if part)
    verdict = "TRADE" if step.requests or step.cancels else "HOLD"
    return Decision(verdict, reasons, target.quantity, step.requests, step.cancels)
