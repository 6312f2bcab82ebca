"""The standing book of `tradewind up`: it never ends, its first start decides what it is, later ones go on with it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from adapters.store import books, parameters
from adapters.store.database import Connection
from cli.session.markets import Market, random_market
from cli.session.plan import RunPlan, Trading
from trading.errors import Misconfigured
from trading.limits import Limits
from trading.timeframe import Timeframe

SEED = 7
HISTORY = timedelta(days=3)
_BAR = Timeframe(60)


@dataclass(frozen=True)
class StandingPlan(RunPlan):
    """A plan without an end, whose book has a name instead of a hash."""

    name: str = ""

    @property
    def book(self) -> str:
        """The name of the book."""
        return self.name


def open_standing(connection: Connection, book: str, seed: int | None, now: datetime) -> Market:
    """Return the market of `book`, as its row says, or anew: a live 1-minute market from three days before `now`.

    Raises:
        Misconfigured: the book was begun with another seed, or is not a standing book.
    """
    row = books.get(connection, book)
    if row is None:
        market = _market(book, SEED if seed is None else seed, _BAR.open_of(now))
        parameters.ensure_limits(connection, Limits(), "tradewind", "defaults")
        books.open_book(connection, book, market.plan.configuration, market.plan.steps)
        return market
    return _reopened(book, row["configuration"], seed)


def _reopened(book: str, configuration: dict[str, Any], seed: int | None) -> Market:
    if configuration["source"]["kind"] != "random" or configuration["steps"]:
        raise Misconfigured(f"setting TRADEWIND_BOOK: {book} is the book of a run; choose another name for `up`")
    if seed not in (None, configuration["seed"]):
        raise Misconfigured(
            f"--seed {seed}: book {book} was begun with seed {configuration['seed']}; leave it out,"
            " or choose another TRADEWIND_BOOK or --data-dir"
        )
    market = _market(book, configuration["seed"], datetime.fromisoformat(configuration["window_start"]))
    plan = replace(market.plan, history_start=datetime.fromisoformat(configuration["history_start"]))
    return replace(market, plan=plan)


def _market(book: str, seed: int, window_start: datetime) -> Market:
    known = random_market(_BAR, None, Trading(1, seed=seed)).plan
    plan = StandingPlan(
        venue=known.venue,
        timeframe=_BAR,
        instruments=known.instruments,
        history_start=window_start - HISTORY,
        window_start=window_start,
        steps=0,
        seed=seed,
        source=known.source,
        name=book,
    )
    return Market(plan, {}, {})
