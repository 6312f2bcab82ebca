"""Listings in the database: the newest of each, and what could be traded at a time."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import polars as pl

from adapters.store.database import Connection
from trading.candle import TS
from trading.listing import Listing
from trading.money import text

_NAMES = tuple(field.name for field in fields(Listing))
_NUMBERS = ("tick", "lot", "min_quantity", "min_notional", "maker_fee", "taker_fee")
SCHEMA = pl.Schema({name: TS if name.endswith("_at") else pl.String for name in _NAMES} | {"knowledge_ts": TS})


def newest(connection: Connection, venue: str, kinds: Sequence[str]) -> dict[str, Listing]:
    """Return the newest version of every listing of `venue` of these kinds, delisted ones too, by symbol."""
    rows = connection.execute(
        "select distinct on (symbol) * from market.listings where venue = %s and kind = any(%s)"
        " order by symbol, knowledge_ts desc",
        (venue, list(kinds)),
    )
    return {row["symbol"]: _listing(row) for row in rows}


def instruments_at(connection: Connection, venue: str, at: datetime) -> list[Listing]:
    """Return what could be traded at `venue` at `at` with the steps and fees that were known then, by symbol.

    What was delisted later is in it. Of a time before the venue was first read it holds what the venue says was listed
    by then and is there still: of that time alone the survivors, for nobody tells of the others.
    """
    rows = connection.execute("select * from market.instruments_at(%s, %s) order by symbol", (venue, at))
    return [_listing(row) for row in rows]


def frame(listings: Iterable[Listing], at: datetime) -> pl.DataFrame:
    """Return listings as read at `at` as the frame that Store.write takes for market.listings."""
    rows = [
        {
            **vars(one),
            **{name: None if (number := getattr(one, name)) is None else text(number) for name in _NUMBERS},
            "knowledge_ts": at,
        }
        for one in listings
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _listing(row: dict[str, Any]) -> Listing:
    return Listing(**{name: row[name] for name in _NAMES})
