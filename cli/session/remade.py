"""What a book computed, computed again from what it was computed from: features, forecasts and regimes, row by row.

Each row is made again from what its run could have seen. When a run looked is the latest that its rows prove: what it
wrote was known then, and its own bar was stored. Bars that came late, and corrections, part the time into spans; within
one all rows are made from the same history, at once.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from adapters.store import books, models, stored_rows
from adapters.store.database import Connection, Database
from adapters.store.frames import Store
from cli.session.desires import Desires
from trading.audit import digest_plain, plain
from trading.candle import PANEL, TS
from trading.errors import BadData
from trading.signal import Signal
from trading.timeframe import Timeframe

if TYPE_CHECKING:
    from adapters.evidence.replayed import Span

_TECHNICAL = "features.technical_features"
_FORECASTS = "forecasts.price_forecasts"
_REGIMES = "forecasts.market_regimes"
_SIGNALS = "signals.strategy_signals"
_DESIRED = ("exposure", "stop", "reason", "quotes")
#: When the run that wrote a row looked at the rows that it needed.
_LOOK = "_look"
_KEY = ("symbol", "ts")
#: A bar that is stored later than so many bars after its open has come late.
_LATE = 2

#: From features to what a model tells of them.
Foretold = Callable[[pl.DataFrame], pl.DataFrame]


@dataclass(frozen=True)
class Remade:
    """How the rows of one table come out; `different` holds symbol, ts and the columns, or why there is no such row."""

    table: str
    rows: int
    stored_hash: str
    remade_hash: str
    different: list[dict[str, Any]] = field(default_factory=list)


def remade(
    database: Database, connection: Connection, book: str, span: "Span", told: Callable[[str, int, int], None]
) -> list[Remade]:
    """Return how features, forecasts and regimes of `book` come out, in the order of the data.

    Raises:
        BadData: a model that a row names is not stored, or damaged.
    """
    from assets.model_registry import model
    from models.forecast import kinds
    from models.regime import gaussian_mixture

    def priced(model_id: str) -> Foretold:
        found = model(models.named(connection, "price_models", book, model_id))
        return partial(kinds.of(found.kind).predict, found)

    def mixed(model_id: str) -> Foretold:
        return partial(gaussian_mixture.predict, model(models.named(connection, "regime_models", book, model_id)))

    told("computed again", 0, 3)
    computed = Computed(database, book, books.known(connection, book)["configuration"], span)
    found = [computed.features()]
    told("computed again", 1, 3)
    found.append(computed.forecasts(priced))
    told("computed again", 2, 3)
    found.append(computed.regimes(mixed))
    told("computed again", 3, 3)
    return found


def desired(connection: Connection, signals: Sequence[Signal]) -> Remade:
    """Return how `signals` come out when their strategies are shown the same again."""
    desires = Desires(connection, [one.signal_id for one in signals])
    stored, again, different = hashlib.sha256(), hashlib.sha256(), list[dict[str, Any]]()
    for one in signals:
        stored.update(digest_plain(plain(one)).encode())
        row = {"symbol": one.symbol, "ts": one.ts}
        try:
            other = desires.again(one)
        except BadData as error:
            different.append({**row, "columns": [], "why": str(error)})
            continue
        again.update(digest_plain(plain(other)).encode())
        if other != one:
            unlike = [name for name in _DESIRED if getattr(one, name) != getattr(other, name)]
            different.append({**row, "columns": unlike})
    return Remade(_SIGNALS, len(signals), stored.hexdigest(), again.hexdigest(), different)


class Computed:
    """The stored rows of a book up to the end of a span, all versions, and what comes out when they are made again."""

    def __init__(self, database: Database, book: str, chosen: Mapping[str, Any], span: "Span") -> None:
        """Read bars and features; the rows of `span` are those whose run looked within it."""
        self._database, self._store = database, Store(database, "", "")
        self._start, self._end = span
        self._timeframe = Timeframe.parse(chosen["timeframe"])
        series = {"venue": chosen["venue"], "timeframe": chosen["timeframe"], "symbol": tuple(chosen["symbols"])}
        self._own = {"book": book, **series}
        began = datetime.fromisoformat(chosen["history_start"])
        candles = self._versions("market.candles", series, began)
        at = pl.max_horizontal("knowledge_ts", pl.coalesce("recorded_at", "knowledge_ts"))
        self._candles = candles.with_columns(at.alias(_LOOK))
        self._stored = self._candles.group_by(_KEY).agg(pl.col(_LOOK).min().alias("_stored"))
        self._features = self._looked(_TECHNICAL)

    def features(self) -> Remade:
        """Return how the technical features come out of the bars."""
        from trading.indicators.technical import STORED, technical_features

        stored, parts = [], []
        for number, (rows, until) in enumerate(self._spans(self._features, self._candles)):
            made = technical_features(_newest(self._candles, until).select(PANEL.names()), self._timeframe)
            parts.append(_of_span(made.join(rows.select(_KEY), on=_KEY, how="semi"), number))
            stored.append(_of_span(rows, number))
        return _compared(_TECHNICAL, stored, parts, STORED)

    def forecasts(self, model: Callable[[str], Foretold]) -> Remade:
        """Return how forecasts come out of the features of their bars; `model` gives the model of an id."""
        rows = self._within(self._looked(_FORECASTS))
        shown = self._features.sort(_LOOK).select(pl.exclude("knowledge_ts", "run_id"))
        stored, parts = [], []
        for (model_id, _), part in _numbered(rows).group_by("model_id", "_span", maintain_order=True):
            seen = (
                part.sort(_LOOK)
                .select(*_KEY, _LOOK, "_span")
                .join_asof(shown, on=_LOOK, by=list(_KEY), strategy="backward", check_sortedness=False)
            )
            parts.append(model(str(model_id))(seen).join(seen.select(*_KEY, "_span"), on=_KEY))
            stored.append(part)
        return _compared(_FORECASTS, stored, parts, ("expected_return", "sigma"))

    def regimes(self, model: Callable[[str], Foretold]) -> Remade:
        """Return how regimes come out of all features up to their bar; `model` gives the model of an id."""
        stored, parts = [], []
        spans = self._spans(self._looked(_REGIMES), self._features)
        for number, (rows, until) in enumerate(spans):
            history = _newest(self._features, until)
            for (model_id,), part in rows.group_by("model_id", maintain_order=True):
                made = model(str(model_id))(history).join(part.select(_KEY), on=_KEY, how="semi")
                parts.append(_of_span(made, number))
                stored.append(_of_span(part, number))
        return _compared(_REGIMES, stored, parts, ("regime", "probability"))

    def _versions(self, table: str, where: Mapping[str, Any], start: datetime | None = None) -> pl.DataFrame:
        query = stored_rows.query(self._store.layout(table), where, start, self._end)
        return stored_rows.frame(self._database.arrow(query))

    def _looked(self, table: str) -> pl.DataFrame:
        rows = self._versions(table, self._own).join(self._stored, on=_KEY, how="left")
        return rows.with_columns(pl.max_horizontal("knowledge_ts", "_stored").alias(_LOOK)).drop("_stored")

    def _within(self, rows: pl.DataFrame) -> pl.DataFrame:
        bounds = [pl.lit(value=True)]
        if self._start is not None:
            bounds.append(pl.col(_LOOK) >= pl.lit(self._start, dtype=TS))
        if self._end is not None:
            bounds.append(pl.col(_LOOK) < pl.lit(self._end, dtype=TS))
        return rows.filter(bounds)

    def _spans(self, rows: pl.DataFrame, of: pl.DataFrame) -> Iterator[tuple[pl.DataFrame, datetime | None]]:
        """Yield the rows whose runs looked between two late changes of what they were made `of`, and the second one."""
        late = of.filter(pl.col(_LOOK) >= pl.col("ts") + _LATE * self._timeframe.delta)
        moments: list[datetime] = late[_LOOK].unique().sort().to_list()
        rows = self._within(rows)
        for since, until in zip([None, *moments], [*moments, None], strict=True):
            part = rows
            if since is not None:
                part = part.filter(pl.col(_LOOK) >= pl.lit(since, dtype=TS))
            if until is not None:
                part = part.filter(pl.col(_LOOK) < pl.lit(until, dtype=TS))
            if not part.is_empty():
                yield part, until


def _newest(rows: pl.DataFrame, until: datetime | None) -> pl.DataFrame:
    """Return the newest version of each row that was there before `until`, by symbol and ts."""
    if until is not None:
        rows = rows.filter(pl.col(_LOOK) < pl.lit(until, dtype=TS))
    return rows.sort(*_KEY, "knowledge_ts").unique(subset=_KEY, keep="last", maintain_order=True)


def _of_span(rows: pl.DataFrame, number: int) -> pl.DataFrame:
    return rows.with_columns(pl.lit(number).alias("_span"))


def _numbered(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows with a number that tells the versions of a bar apart."""
    return rows.with_columns(pl.col(_LOOK).rank("ordinal").over(_KEY).cast(pl.Int32).alias("_span"))


def _compared(table: str, stored: list[pl.DataFrame], remade: list[pl.DataFrame], columns: "tuple[str, ...]") -> Remade:
    from models.features import data_hash

    if not stored:
        return Remade(table, 0, "", "")
    key = [*_KEY, "_span"]
    one = pl.concat([rows.select(*key, *columns) for rows in stored])
    other = pl.concat([rows.select(*key, *columns).cast(one.schema) for rows in remade])
    both = one.with_columns(here=True).join(
        other.with_columns(here=True), on=key, how="full", coalesce=True, suffix="|again"
    )
    unlike = [
        pl.when(pl.col(name).ne_missing(pl.col(f"{name}|again"))).then(pl.lit(name)).alias(f"_{number}")
        for number, name in enumerate(columns)
    ]
    told = both.select(*_KEY, "here", "here|again", columns=pl.concat_list(unlike).list.drop_nulls())
    wrong = told.filter(pl.col("columns").list.len() > 0 | pl.col("here").is_null() | pl.col("here|again").is_null())
    different = [
        {"symbol": row["symbol"], "ts": row["ts"], "columns": row["columns"]}
        if row["here"] and row["here|again"]
        else {"symbol": row["symbol"], "ts": row["ts"], "columns": [], "why": _alone(row)}
        for row in wrong.sort(_KEY[1], _KEY[0]).iter_rows(named=True)
    ]
    return Remade(table, one.height, data_hash(one), data_hash(other), different)


def _alone(row: Mapping[str, Any]) -> str:
    return "cannot be made again" if row["here"] else "is not stored"
