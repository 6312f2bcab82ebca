"""Series: one number per time, from CSV or JSON, as FRED and others publish them; digits are kept."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import polars as pl

from adapters.news.encoding import decoded
from adapters.news.json_items import at, kept, loaded, rows, worded
from adapters.sources.declared import Source
from adapters.sources.fetch import Answer, Held
from adapters.sources.visit import Taken, asked
from adapters.store.frames import Store
from trading.candle import TS
from trading.errors import BadData, Misconfigured
from trading.money import text
from trading.news.dates import read

SERIES = pl.Schema({"source": pl.String, "ts": TS, "knowledge_ts": TS, "value": pl.String, "unit": pl.String})
FIELDS: Mapping[str, str] = {"time": "date", "value": "value"}
#: No series is longer: a century of days is 36,525.
MOST_ROWS = 200_000
#: An observation may be dated by the calendar of its country.
_AHEAD = timedelta(days=1)
_NUMBER = re.compile(r"[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,2})?")
_LARGEST = Decimal("1e30")


def take(
    store: Store, source: Source, held: Held, now: datetime, ask: Callable[[Source, Held], Answer] = asked
) -> Taken:
    """Ask a source of kind series and store what it says as known since `now`; what it leaves out stays."""
    answer = ask(source, held)
    if answer.body is None:
        return Taken(0, held=answer.held)
    document, _ = decoded(answer.body, answer.charset)
    return replace(store_series(store, source, document, now), held=answer.held)


def store_series(store: Store, source: Source, document: str, now: datetime) -> Taken:
    """Store the observations of `document`; those that cannot be believed are returned as refused.

    Raises:
        BadData: the document does not have the shape that the source declares.
    """
    found: dict[datetime, Decimal] = {}
    refused: list[tuple[str, str]] = []
    twice: set[datetime] = set()
    for time, value, raw in _rows(source, document):
        if value.strip() in ("", *source.missing):
            continue
        judged = _judged(time, value, now)
        if isinstance(judged, str):
            refused.append((judged, raw))
            continue
        ts, number = judged
        if found.setdefault(ts, number) != number:
            twice.add(ts)
            refused.append(("two values for one time", raw))
    frame = _frame(source, {ts: number for ts, number in found.items() if ts not in twice}, now)
    written = store.write("news.macro_series", frame, now)
    return Taken(written, tuple(refused), min(max(found), now) if found else None)


def _judged(time: str, value: str, now: datetime) -> tuple[datetime, Decimal] | str:
    """Return the observation, or why there is none."""
    ts, _ = read(time)
    if ts is None:
        return "no time"
    if ts > now + _AHEAD:
        return "in the future"
    number = value.strip()
    if not _NUMBER.fullmatch(number):
        return "no number"
    found = Decimal(number)
    return (ts, found) if abs(found) < _LARGEST else "no number"


def _rows(source: Source, document: str) -> Iterator[tuple[str, str, str]]:
    """Yield time, value and the row as it came."""
    unknown = sorted(set(source.fields) - set(FIELDS))
    if unknown:
        raise Misconfigured(f"sources.toml, source {source.name}: a series has no field {', '.join(unknown)}")
    where = {**FIELDS, **source.fields}
    read_rows = _csv(document, where) if source.format == "csv" else _json(document, source.items, where)
    for number, row in enumerate(read_rows):
        if number >= MOST_ROWS:
            raise BadData(f"the series has more than {MOST_ROWS:,} rows")
        yield row


def _json(document: str, path: str, where: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for row in rows(loaded(document), path):
        yield worded(at(row, where["time"])), worded(at(row, where["value"])), kept(row)


def _csv(document: str, where: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    lines = csv.reader(io.StringIO(document, newline=""), strict=True)
    try:
        head = [name.strip() for name in next(lines, [])]
        missing = sorted(set(where.values()) - set(head))
        if missing:
            raise BadData(f"the table has no column {', '.join(missing)}; its columns: {', '.join(head)[:200]}")
        places = head.index(where["time"]), head.index(where["value"])
        for line in filter(None, lines):
            time, value = (line[place] if place < len(line) else "" for place in places)
            yield time, value, kept(line)
    except csv.Error as error:
        raise BadData(f"the table cannot be read: {error}") from None


def _frame(source: Source, found: Mapping[datetime, Decimal], now: datetime) -> pl.DataFrame:
    observations = [
        {"source": source.name, "ts": ts, "knowledge_ts": now, "value": text(value), "unit": source.unit}
        for ts, value in sorted(found.items())
    ]
    return pl.DataFrame(observations, schema=SERIES, orient="row")
