"""A book as its models see it: stored features, candles and labels of its whole history, and its registry."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapters.settings import Settings
from adapters.store import books, models
from adapters.store.database import Connection, Database
from adapters.store.schema import require
from cli.session.server import server
from trading.errors import BadData, Misconfigured
from trading.timeframe import Timeframe

if TYPE_CHECKING:
    import polars as pl

    from models.model import Model

PRICES = "price_models"
ModelId = Annotated[str, typer.Argument(metavar="MODEL", help="The id of a model, or the beginning of one.")]


@dataclass(frozen=True)
class BookRows:
    """What models of `book` learn from: `features` (symbol, ts, ...) and `panel` (PANEL); `now` is its newest close."""

    book: str
    timeframe: Timeframe
    symbols: tuple[str, ...]
    horizon: int
    seed: int
    features: "pl.DataFrame"
    panel: "pl.DataFrame"
    now: datetime

    def labelled(self, horizon: int) -> "pl.DataFrame":
        """Return the features with t0, t1 and the return over `horizon` bars as label."""
        from models.labels import training_set

        return training_set(self.features, self.panel, self.timeframe, horizon)


@contextmanager
def opened(settings: Settings, book: str | None) -> Iterator[tuple[Database, str]]:
    """Yield the database and the book, the one opened last where none is named; Misconfigured without one."""
    with server(settings) as url, Database(url, size=1) as database:
        with database.transaction() as connection:
            require(connection, "training.model_states")
            name = books.chosen(connection, book)
        yield database, name


def named(connection: Connection, book: str, start: str) -> "Model":
    """Return the price model of `book` whose id begins with `start`; Misconfigured where none or several do."""
    from assets.model_registry import model

    try:
        return model(models.named(connection, PRICES, book, start))
    except BadData as error:
        raise Misconfigured(str(error)) from None


def read(database: Database, book: str) -> BookRows:
    """Return the rows of `book`; Misconfigured when it has none."""
    from adapters.store.frames import Store
    from trading.candle import PANEL
    from trading.indicators.technical import FEATURES

    with database.transaction() as connection:
        chosen: dict[str, Any] = books.known(connection, book)["configuration"]
    where = {"venue": chosen["venue"], "timeframe": chosen["timeframe"], "symbol": tuple(chosen["symbols"])}
    reader = Store(database, "models", "0")
    start = datetime.fromisoformat(chosen["history_start"])
    panel = reader.read("market.candles", where, start, columns=list(PANEL))
    names = list(dict.fromkeys(["symbol", "ts", "volatility_24", *FEATURES]))
    features = reader.read("features.technical_features", {"book": book, **where}, start, columns=names)
    if panel.is_empty() or features.is_empty():
        raise Misconfigured(f"--book {book} has no features yet; `tradewind run` or `tradewind up` compute them")
    timeframe = Timeframe.parse(chosen["timeframe"])
    newest = panel["ts"].max()
    assert isinstance(newest, datetime)  # noqa: S101
    return BookRows(
        book,
        timeframe,
        tuple(chosen["symbols"]),
        chosen["horizon"],
        chosen["seed"],
        features,
        panel,
        newest + timeframe.delta,
    )
