"""Double-entry journals of a sub-account: deposits, reservations, fills, corrections. Amounts are signed Decimals.

Accounts: cash, reserved (held by open orders), position, fees (expense), market (the other side of every trade),
capital (the other side of every deposit). Owned = cash + reserved + position, per currency.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from trading.errors import BadData
from trading.fill import Fill
from trading.instrument import Instrument
from trading.money import ZERO, multiply
from trading.order import OrderRequest, OrderType, Side


@dataclass(frozen=True)
class Line:
    """One posting: `amount` of `currency` onto `account`."""

    account: str
    currency: str
    amount: Decimal


@dataclass(frozen=True)
class Journal:
    """Lines that happen together or not at all. `ref` is the client id, or the book for deposits."""

    journal_id: str
    kind: str
    ref: str
    lines: tuple[Line, ...]


def deposit(book: str, strategy: str, symbol: str, currency: str, amount: Decimal) -> Journal:
    """Return the journal of capital paid into one sub-account."""
    lines = (Line("cash", currency, amount), Line("capital", currency, -amount))
    return _balanced(Journal(f"deposit:{book}:{strategy}:{symbol}", "DEPOSIT", book, lines))


def reserve(request: OrderRequest, client_id: str, instrument: Instrument, buffer: Decimal) -> Journal:
    """Return the journal that holds what the order may need: quote plus `buffer` for a buy, base for a sale."""
    if request.side is Side.BUY:
        price = request.limit if request.type is OrderType.LIMIT and request.limit else request.reference_price
        amount = multiply(multiply(request.quantity, price), 1 + buffer)
        lines = (Line("reserved", instrument.quote, amount), Line("cash", instrument.quote, -amount))
    else:
        lines = (
            Line("reserved", instrument.base, request.quantity),
            Line("position", instrument.base, -request.quantity),
        )
    return _balanced(Journal(f"reserve:{client_id}", "RESERVE", client_id, lines))


def release(side: Side, client_id: str, number: int, instrument: Instrument, outstanding: Decimal) -> Journal:
    """Return the journal that gives back what a settled order still holds; negative when it cost more than reserved."""
    currency, account = (instrument.quote, "cash") if side is Side.BUY else (instrument.base, "position")
    lines = (Line("reserved", currency, -outstanding), Line(account, currency, outstanding))
    return _balanced(Journal(f"release:{client_id}:{number}", "RELEASE", client_id, lines))


def fill(book: str, trade: Fill, instrument: Instrument) -> Journal:
    """Return the journal of one execution, paid from what its order had reserved; the fee from what was received."""
    value = multiply(trade.price, trade.quantity)
    base, quote = instrument.base, instrument.quote
    if trade.side is Side.BUY:
        lines = [
            Line("position", base, trade.quantity),
            Line("market", base, -trade.quantity),
            Line("reserved", quote, -value),
            Line("market", quote, value),
        ]
    else:
        lines = [
            Line("reserved", base, -trade.quantity),
            Line("market", base, trade.quantity),
            Line("cash", quote, value),
            Line("market", quote, -value),
        ]
    if trade.fee != ZERO:
        payer = "position" if trade.fee_currency == base else "cash"
        lines += [Line(payer, trade.fee_currency, -trade.fee), Line("fees", trade.fee_currency, trade.fee)]
    journal_id = f"fill:{book}:{trade.venue}:{trade.symbol}:{trade.trade_id}"
    return _balanced(Journal(journal_id, "FILL", trade.client_id, tuple(lines)))


def foreign(book: str, trade: Fill, instrument: Instrument) -> Journal:
    """Return the journal of a trade on our account that no order of ours explains: paid from cash and position."""
    own = fill(book, trade, instrument)
    accounts = {instrument.quote: "cash", instrument.base: "position"}
    lines = tuple(
        Line(accounts[line.currency], line.currency, line.amount) if line.account == "reserved" else line
        for line in own.lines
    )
    return _balanced(Journal(f"foreign:{own.journal_id}", "FOREIGN", book, lines))


def adjustment(book: str, journal_id: str, currency: str, amount: Decimal) -> Journal:
    """Return the journal that brings `currency` to what the venue has, after a person has accepted the difference."""
    lines = (Line("cash", currency, amount), Line("capital", currency, -amount))
    return _balanced(Journal(journal_id, "ADJUSTMENT", book, lines))


def reversal(journal: Journal) -> Journal:
    """Return the journal that takes `journal` back; entries are never changed, they are reversed."""
    lines = tuple(Line(line.account, line.currency, -line.amount) for line in journal.lines)
    return _balanced(Journal(f"reversal:{journal.journal_id}", "REVERSAL", journal.ref, lines))


def imbalance(lines: Iterable[Line]) -> dict[str, Decimal]:
    """Return the sums per currency that are not zero; empty for a sound book."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        sums[line.currency] += line.amount
    return {currency: total for currency, total in sums.items() if total != ZERO}


def _balanced(journal: Journal) -> Journal:
    off = imbalance(journal.lines)
    if off:
        raise BadData(f"journal {journal.journal_id} does not balance: {off}")
    return journal
