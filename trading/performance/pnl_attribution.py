"""PnL attribution: the profit of each sub-account as the exact sum of its causes, proven against the ledger."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from trading.errors import BadData
from trading.money import CONTEXT, ONE, ZERO, multiply
from trading.performance.closes import Close, known_at
from trading.performance.period import Period
from trading.performance.pnl_parts import Parts
from trading.performance.signal_account import Execution, Owner, Posting, SignalAccount, Wish

#: What the causes and the ledger may differ by: a fraction of all that was traded.
TOLERANCE = Decimal("1e-9")

Key = tuple[str, str, str | None]


@dataclass(frozen=True)
class History:
    """All that ever happened in a book, in any order, and the closes that value it."""

    quote: str
    postings: Sequence[Posting]
    wishes: Sequence[Wish]
    executions: Sequence[Execution]
    closes: Sequence[Close]


@dataclass(frozen=True)
class Attribution:
    """What made the profit of the period and since the start, by (strategy, symbol, regime); all in quote.

    `profits` are what the ledger says by (strategy, symbol), of the period and since the start.
    """

    period: Mapping[Key, Parts]
    since_start: Mapping[Key, Parts]
    profits: Mapping[Owner, tuple[Decimal, Decimal]]

    def by(self, part: Callable[[Key], str]) -> dict[str, tuple[Parts, Parts]]:
        """Return the parts of the period and since the start, added up by what `part` says of a key, in its order."""
        return {
            name: (_sum(self.period, part, name), _sum(self.since_start, part, name))
            for name in sorted({part(key) for key in self.since_start})
        }

    @property
    def total(self) -> tuple[Parts, Parts]:
        """The whole book: of the period and since the start."""
        return self.by(lambda _: "").get("", (Parts(), Parts()))

    @property
    def residuals(self) -> dict[Owner, tuple[Decimal, Decimal]]:
        """What the causes leave unexplained of the ledger's profit, of the period and since the start."""
        with localcontext(CONTEXT):
            return {
                owner: (
                    day - sum((parts.total for key, parts in self.period.items() if key[:2] == owner), ZERO),
                    whole - sum((parts.total for key, parts in self.since_start.items() if key[:2] == owner), ZERO),
                )
                for owner, (day, whole) in self.profits.items()
            }


def attribution(history: History, period: Period) -> Attribution:
    """Return what made the profit of `period`, and of all up to its end.

    Raises:
        BadData: something is held of which no close is known, or the causes do not tie to the ledger.
    """
    times = [period.opens, period.closes]
    moments = zip(_accounts(history, times, period.start), known_at(history.closes, times), strict=True)
    with localcontext(CONTEXT):
        opening, closing = (_read(accounts, _by_currency(prices, history.quote)) for accounts, prices in moments)
        (before, earned_before), (after, earned) = opening, closing
        found = Attribution(
            {key: parts - before.get(key, Parts()) for key, parts in after.items()},
            after,
            {owner: (profit - earned_before.get(owner, ZERO), profit) for owner, profit in earned.items()},
        )
        _tie(found, history)
    return found


def _accounts(history: History, times: Sequence[datetime], start: datetime) -> Iterable[Mapping[Owner, SignalAccount]]:
    """Yield the accounts at each of `times`: all that happened up to and including it; at `start` only deposits."""
    # A signal comes before the fills of its own moment: most of them are its own.
    coming: list[tuple[datetime, int, Posting | Wish | Execution]] = sorted(
        [
            *((one.at, 0 if one.capital else 2, one) for one in history.postings),
            *((one.at, 1, one) for one in history.wishes),
            *((one.at, 3, one) for one in history.executions),
        ],
        key=lambda event: event[:2],
    )
    accounts: dict[Owner, SignalAccount] = {}
    place = 0
    for time in times:
        while place < len(coming) and (
            coming[place][0] < time or (coming[place][0] == time and _due(coming[place], start))
        ):
            event = coming[place][2]
            account = accounts.setdefault(event.owner, _opened(event.owner, history.quote))
            _take(account, event)
            place += 1
        yield accounts


def _due(event: tuple[datetime, int, object], start: datetime) -> bool:
    """Whether an event of the very moment of a valuation counts: at the start of the book only deposits do."""
    return event[0] != start or event[1] == 0


def _opened(owner: Owner, quote: str) -> SignalAccount:
    return SignalAccount(owner[1].split("/")[0], quote)


def _take(account: SignalAccount, event: Posting | Wish | Execution) -> None:
    match event:
        case Posting():
            account.post(event)
        case Wish():
            account.wish(event)
        case Execution():
            account.execute(event)


def _by_currency(prices: Mapping[str, Decimal], quote: str) -> dict[str, Decimal]:
    return {symbol.split("/")[0]: price for symbol, price in prices.items() if symbol.split("/")[-1] == quote}


def _read(
    accounts: Mapping[Owner, SignalAccount], prices: Mapping[str, Decimal]
) -> tuple[dict[Key, Parts], dict[Owner, Decimal]]:
    """Return the parts and the ledger's profits as they stand at `prices`."""
    parts = {
        (*owner, regime): found
        for owner, account in sorted(accounts.items())
        for regime, found in sorted(account.parts(prices).items(), key=lambda item: item[0] or "")
    }
    return parts, {owner: account.profit(prices) for owner, account in sorted(accounts.items())}


def _tie(found: Attribution, history: History) -> None:
    traded: dict[Owner, Decimal] = {}
    for fill in history.executions:
        value = multiply(abs(fill.quantity), fill.price)
        traded[fill.owner] = traded.get(fill.owner, ZERO) + value
    for (strategy, symbol), residuals in found.residuals.items():
        most = multiply(TOLERANCE, max(traded.get((strategy, symbol), ZERO), ONE))
        if any(abs(residual) > most for residual in residuals):
            raise BadData(
                f"attribution of {strategy} {symbol}: {max(residuals, key=abs)} {history.quote} of the ledger's profit"
                " have no cause: trading.fills and trading.ledger_entries differ; `tradewind verify` says where"
            )


def _sum(parts: Mapping[Key, Parts], of: Callable[[Key], str], name: str) -> Parts:
    with localcontext(CONTEXT):
        return sum((one for key, one in parts.items() if of(key) == name), Parts())
