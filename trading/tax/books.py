"""A trading book as tax events: its trades, what it began with, and what a person has put right in it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from trading.errors import Misconfigured
from trading.fill import Fill
from trading.instrument import Instrument
from trading.money import CONTEXT, ZERO, multiply, round_to
from trading.tax.apportion import GRAIN, apportion
from trading.tax.events import Acquisition, Disposal, Event, Wallet
from trading.tax.fills import from_fill
from trading.tax.noted import Noted, event_of
from trading.tax.rates import Rates


@dataclass(frozen=True)
class Capital:
    """What came into a book (or left it, below zero) besides trades: a DEPOSIT, or an ADJUSTMENT by a person."""

    kind: str
    ts: datetime
    currency: str
    amount: Decimal


@dataclass(frozen=True)
class Book:
    """A book up to an instant. `trades` are ours and those of strangers on the account (`foreign` ids among them).

    `reversed_journals` were taken back: neither they nor their reversals are told. `owned` is the ledger's own word
    per currency. Its wallet is the account at the venue, named by the book.
    """

    name: str
    venue: str
    trades: Sequence[Fill]
    capital: Sequence[Capital]
    owned: Mapping[str, Decimal]
    foreign: frozenset[str] = frozenset()
    reversed_journals: tuple[str, ...] = ()

    @property
    def wallet(self) -> Wallet:
        """Where its coins are."""
        return Wallet(self.venue, self.name)


@dataclass(frozen=True)
class Cost:
    """What all that was there of a coin at the openings had cost, and since when it was held, if a person knows."""

    amount: Decimal
    held_since: datetime | None = None


@dataclass(frozen=True)
class Assumed:
    """An event that no trade explains. `given` says that a person told its cost; it is the market's worth otherwise."""

    event_id: str
    ts: datetime
    book: str
    what: str
    asset: str
    quantity: Decimal
    value: Decimal
    given: bool


@dataclass(frozen=True)
class Told:
    """The events of all books, what of them is assumed, and how often each rate was used, by its words.

    `outside` are the ids of all that no trade explains: what is assumed, and what the taxpayer has noted.
    """

    events: tuple[Event, ...]
    assumed: tuple[Assumed, ...]
    noted: tuple[Noted, ...] = ()
    outside: frozenset[str] = frozenset()
    rates: Mapping[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])


def wanted(
    books: Iterable[Book], currency: str, costs: Mapping[str, Cost], notes: Iterable[Noted] = ()
) -> list[tuple[str, datetime]]:
    """Return which coins must be valued in `currency`, and when."""
    found = {(row.asset, row.ts) for row in notes if row.priced_by_market}
    for book in books:
        for trade in book.trades:
            found |= {(coin, trade.ts) for coin in _valued(trade, currency)}
        found |= {(each.currency, each.ts) for each in book.capital if _at_market(each, currency, costs)}
    return sorted(found, key=lambda each: (each[1], each[0]))


def told(
    books: Sequence[Book], currency: str, rates: Rates, costs: Mapping[str, Cost], notes: Sequence[Noted] = ()
) -> Told:
    """Return what `books` and `notes` mean for tax, in `currency`.

    Raises:
        Misconfigured: a rate is missing, a cost is told for a coin that no book began with, or a note explains nothing.
    """
    used: Counter[tuple[str, str]] = Counter()
    events: list[Event] = []
    for book in books:
        for trade in book.trades:
            values: dict[str, Decimal] = {}
            for coin in _valued(trade, currency):
                rate = rates.of(coin, trade.ts)
                used[coin, rate.words] += 1
                values[coin] = rate.value
            made = from_fill(trade, _instrument(trade), book.wallet, currency, _with_base(trade, currency, values))
            # A venue counts trades for each account anew, so one book's ids may be another's.
            events += [replace(event, event_id=f"{book.name}:{event.event_id}") for event in made]
    capital, assumed = _capital(books, currency, rates, costs, used)
    wallets = {book.name: book.wallet for book in books}
    added = [event_of(row, wallets, currency, rates) for row in notes]
    capital, assumed = _unexplained(capital, assumed, notes)
    outside = frozenset(event.event_id for event in (*capital, *added))
    return Told((*capital, *events, *added), tuple(assumed), tuple(notes), outside, dict(sorted(used.items())))


def _unexplained(
    capital: Sequence[Event], assumed: Sequence[Assumed], notes: Sequence[Noted]
) -> tuple[list[Event], list[Assumed]]:
    """Return what is still assumed where `notes` say what it really was."""
    explained = {row.explains for row in notes if row.explains}
    unknown = sorted(explained - {each.event_id for each in assumed})
    if unknown:
        known = ", ".join(each.event_id for each in assumed) or "nothing is assumed"
        raise Misconfigured(f"--events explains {unknown[0]}, which is not assumed; there are: {known}")
    return (
        [event for event in capital if event.event_id not in explained],
        [each for each in assumed if each.event_id not in explained],
    )


def _valued(trade: Fill, currency: str) -> list[str]:
    """Return the coins of a trade that need a rate; what the trade itself prices needs none."""
    base, quote = _coins(trade)
    coins = [] if currency in {base, quote} else [quote]
    if trade.fee and trade.fee_currency not in {currency, base, quote}:
        coins.append(trade.fee_currency)
    return coins


def _with_base(trade: Fill, currency: str, values: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return `values` with what base and quote were worth by the trade's own price."""
    base, quote = _coins(trade)
    if base == currency:
        return {**values, quote: CONTEXT.divide(Decimal(1), trade.price)}
    return {**values, base: trade.price if quote == currency else multiply(trade.price, values[quote])}


def _at_market(each: Capital, currency: str, costs: Mapping[str, Cost]) -> bool:
    return each.currency != currency and not (each.kind == "DEPOSIT" and each.amount > ZERO and each.currency in costs)


def _capital(
    books: Sequence[Book], currency: str, rates: Rates, costs: Mapping[str, Cost], used: Counter[tuple[str, str]]
) -> tuple[list[Event], list[Assumed]]:
    grouped: dict[tuple[datetime, str, str, str], Decimal] = defaultdict(Decimal)
    wallets = {book.name: book.wallet for book in books}
    for book in books:
        for each in book.capital:
            if each.currency != currency:
                key = each.ts, book.name, each.kind, each.currency
                grouped[key] = CONTEXT.add(grouped[key], each.amount)
    shares = _shares({key: amount for key, amount in grouped.items() if amount > ZERO}, costs)
    events: list[Event] = []
    assumed: list[Assumed] = []
    for key, amount in sorted(grouped.items()):
        ts, name, kind, coin = key
        if not amount:
            continue
        quantity, since = abs(amount), None
        if key in shares:
            value, since = shares[key], costs[coin].held_since
        else:
            rate = rates.of(coin, ts)
            used[coin, rate.words] += 1
            value = round_to(multiply(quantity, rate.value), GRAIN)
        event_id = f"{name}:{kind.lower()}:{coin}:{ts.isoformat()}"
        if amount > ZERO:
            events.append(Acquisition(event_id, ts, wallets[name], coin, quantity, value, held_since=since))
        else:
            events.append(Disposal(event_id, ts, wallets[name], coin, quantity, value))
        assumed.append(Assumed(event_id, ts, name, kind, coin, amount, value, key in shares))
    return events, assumed


def _shares(
    grouped: Mapping[tuple[datetime, str, str, str], Decimal], costs: Mapping[str, Cost]
) -> dict[tuple[datetime, str, str, str], Decimal]:
    """Return what each opening of a coin whose cost was told had cost: its part by quantity."""
    shares: dict[tuple[datetime, str, str, str], Decimal] = {}
    for coin, cost in costs.items():
        keys = [key for key in sorted(grouped) if key[2:] == ("DEPOSIT", coin)]
        if not keys:
            raise Misconfigured(f"--cost {coin}: no book began with any {coin} in this view")
        if cost.held_since and cost.held_since > keys[0][0]:
            raise Misconfigured(f"--cost {coin}: held since {cost.held_since:%Y-%m-%d} is after {keys[0][0]:%Y-%m-%d}")
        shares |= zip(keys, apportion(cost.amount, [grouped[key] for key in keys]), strict=True)
    return shares


def _coins(trade: Fill) -> tuple[str, str]:
    base, _, quote = trade.symbol.partition("/")
    return base, quote


def _instrument(trade: Fill) -> Instrument:
    base, quote = _coins(trade)
    return Instrument(trade.venue, trade.symbol, base, quote, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO)
