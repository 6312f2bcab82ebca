"""A declared venue into market.listings and market.venues: what it lists, and what it can do."""

from datetime import datetime

import polars as pl

from adapters.exchange.capabilities import Capabilities, capabilities
from adapters.exchange.listings import listings
from adapters.exchange.passage import Opening
from adapters.sources.declared import Source
from adapters.sources.fetch import Held
from adapters.sources.visit import Taken
from adapters.store import listings as stored
from adapters.store.database import Database
from adapters.store.frames import Store
from trading.market.universe import universe


def take(
    database: Database, store: Store, source: Source, held: Held, now: datetime, passage: Opening | None = None
) -> Taken:
    """Read what a source of kind venue lists now and store what is new, known since `now`."""
    able = capabilities(source.exchange)
    found = listings(source.exchange, source.venue, source.kinds, source.url or None, passage)
    with database.transaction() as connection:
        known = stored.newest(connection, source.venue, source.kinds)
    written = store.write("market.listings", stored.frame(universe(known, found, now), now), now)
    written += store.write("market.venues", _row(source.venue, able, now), now)
    return Taken(written, newest=now, held=held)


def _row(venue: str, able: Capabilities, now: datetime) -> pl.DataFrame:
    lists = {name: _array(getattr(able, name)) for name in ("reads", "streams", "missing")}
    return pl.DataFrame([{**vars(able), **lists, "venue": venue, "knowledge_ts": now}])


def _array(words: tuple[str, ...]) -> str:
    return "{" + ",".join(f'"{word}"' for word in words) + "}"
