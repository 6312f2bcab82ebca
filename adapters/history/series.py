"""A series: the raw rows of one market as a file holds them, and what was decided when they were read."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

import polars as pl

from adapters.history.container import Member
from trading.market.findings.sample import Sample
from trading.timeframe import Timeframe

Kind = Literal["candles", "trades", "funding", "quotes"]


@dataclass(frozen=True)
class Series:
    """Rows of one market and kind in file order: `ts` (UTC), values, and evidence columns as `Sample` names them.

    Candles have open, high, low, close, volume; trades price, amount and often side, id; funding rate; quotes
    bid_open..bid_close, ask_open..ask_close. `source` names the file, `zip!member` inside an archive. `symbol` is
    BASE/QUOTE, or a contract's name. `notes` says which column was believed and what was done.
    """

    source: str
    form: str
    kind: Kind
    venue: str | None
    symbol: str | None
    timeframe: Timeframe | None
    rows: pl.DataFrame
    notes: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    served: datetime | None = None
    span: tuple[datetime, datetime] | None = None

    def sample(self) -> Sample:
        """Return the rows as the findings look at them."""
        return Sample(self.rows, self.timeframe, self.served, self.span, self.kind)


class Form(NamedTuple):
    """A form of files: its name, whether a member is of it (cheap, by content), and how it is read."""

    name: str
    fits: Callable[[Member], bool]
    read: Callable[[Member, tuple[str, ...]], list[Series]]
