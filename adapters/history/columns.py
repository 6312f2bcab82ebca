"""What the columns of a table mean: which time is believed, candles, trades or funding rates, per market."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from adapters.history.names import Label, label_of
from adapters.history.roles import EXTRAS, LENGTHS, NAMES, QUOTE_COLUMNS, SYMBOLS, TIMES, VENUES, kind_of, plain
from adapters.history.series import Kind, Series
from adapters.history.stamps import times
from trading.errors import Misconfigured
from trading.market.findings.row_rules import VALUES
from trading.timeframe import Timeframe

#: Texts that programs write for nothing.
_NOTHING = ("", "none", "null", "nan")


@dataclass(frozen=True)
class Table:
    """A frame as it was read, and what its name, archive or envelope tells of it."""

    source: str
    form: str
    frame: pl.DataFrame
    label: Label
    quotes: tuple[str, ...]
    notes: tuple[str, ...] = ()
    names: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        found = {plain(name): name for name in reversed(self.frame.columns)}
        object.__setattr__(self, "names", found)

    def column(self, role: str) -> str | None:
        """Return the name of the column of a role, None without one."""
        return next((self.names[name] for name in NAMES[role] if name in self.names), None)


def read(table: Table) -> list[Series]:
    """Return the series of a table, one per market that its columns name.

    Raises:
        Misconfigured: it has no rows, no readable time, or none of the columns that a kind needs.
    """
    kind = kind_of(table.frame.columns)
    if kind is None:
        raise Misconfigured(f"{table.source}: no candles, trades or funding rates; it has {_listed(table.frame)}")
    if table.frame.is_empty():
        raise Misconfigured(f"{table.source}: no rows")
    stamps, used, notes = _times(table)
    frame, roles = _values(table, kind)
    rows = pl.concat([stamps, frame], how="horizontal")
    labels = {name: _labels(table, wanted) for name, wanted in (("s", SYMBOLS), ("e", VENUES), ("i", LENGTHS))}
    used |= set(roles) | {column.name for column in labels.values() if column is not None}
    ignored = tuple(name for name in table.frame.columns if name not in used)
    keys = {f"_{name}": column.cast(pl.String) for name, column in labels.items() if column is not None}
    if not keys:
        return [_series(table, kind, rows, notes, ignored, None, None, None)]
    parts = rows.with_columns(column.alias(name) for name, column in keys.items())
    return [
        _series(table, kind, part.drop(list(keys)), notes, ignored, *(_first(part, f"_{name}") for name in "sei"))
        for part in parts.partition_by(list(keys), maintain_order=True)
    ]


def _series(
    table: Table,
    kind: Kind,
    rows: pl.DataFrame,
    notes: tuple[str, ...],
    ignored: tuple[str, ...],
    symbol: str | None,
    venue: str | None,
    length: str | None,
) -> Series:
    own = label_of(symbol, table.quotes) if symbol else table.label
    label = table.label
    market = own.symbol or label.symbol
    if label.symbol is not None and symbol is not None and own.symbol is not None and "/" not in own.symbol:
        market = label.symbol
    named = venue.lower() if venue else label.venue
    if own.variety and named and own.variety not in named:
        named = f"{named}_{own.variety}"
    told = (length_of(length) if length else None) or label.timeframe
    if kind == "candles" and _only_open(rows):
        kind, rows = "funding", rows.with_columns(rate="open")
        notes = (*notes, "only open is filled: read as funding rates")
    frame, why = settled_timeframe(rows["ts"], told, kind)
    return Series(table.source, table.form, kind, named, market, frame, rows, (*notes, *why), ignored, span=label.span)


def settled_timeframe(
    stamps: pl.Series, told: Timeframe | None, kind: Kind
) -> tuple[Timeframe | None, tuple[str, ...]]:
    """Return the timeframe that was told, else the commonest spacing of the stamps, and a note where they differ."""
    if kind == "trades":
        return None, ()
    steps = stamps.drop_nulls().unique().sort().diff().drop_nulls().dt.total_milliseconds()
    seconds = ((steps + 500) // 1000).filter(steps >= 500).mode().sort()
    spacing = int(seconds[0]) if len(seconds) else 0
    if told is None:
        return (Timeframe(spacing), ()) if spacing else (None, ("one row alone tells no timeframe",))
    if spacing and spacing != told.seconds:
        return told, (f"said to be {told}, but its rows are mostly {spacing} s apart",)
    return told, ()


def _times(table: Table) -> tuple[pl.DataFrame, set[str], tuple[str, ...]]:
    """Return ts, unit and text_ts of a table, the columns used, and which of several was believed."""
    found = [table.names[name] for name in TIMES if name in table.names]
    if (joined := _day_and_time(table)) is not None:
        return joined
    read_as = {name: times(table.frame[name]) for name in found}
    readable = {name: stamps for name, stamps in read_as.items() if stamps["ts"].null_count() < stamps.height}
    if not readable:
        first = table.frame[found[0]][0]
        raise Misconfigured(f"{table.source}: column {found[0]}: no readable time, the first is {str(first)[:40]!r}")
    numbers = [name for name, stamps in readable.items() if "unit" in stamps.columns]
    texts = [name for name in readable if table.frame.schema[name] == pl.String and name not in numbers]
    believed = (numbers or [name for name in readable if name not in texts] or texts)[0]
    stamps, notes = readable[believed], ()
    second = next((name for name in texts if name != believed), None)
    if second is not None:
        stamps = stamps.with_columns(readable[second]["ts"].alias("text_ts"))
        notes = (f"column {believed} is believed for the time, not the text in {second}",)
    return stamps, {believed, *([second] if second else [])}, (*table.notes, *notes)


def _day_and_time(table: Table) -> tuple[pl.DataFrame, set[str], tuple[str, ...]] | None:
    """Return the times of a table that has the day and the time of day in two columns, None when it has not."""
    pair = [table.names.get(name) for name in ("date", "time")]
    if pair[0] is None or pair[1] is None or table.frame.schema[pair[1]] != pl.String:
        return None
    clock = table.frame[pair[1]].str.strip_chars()
    if not bool(clock.str.contains(r"^\d{1,2}:\d\d(:\d\d)?$").any()):
        return None
    stamps = times(table.frame[pair[0]].cast(pl.String).str.strip_chars() + " " + clock)
    return stamps, {pair[0], pair[1]}, (*table.notes, f"day and time are in two columns, {pair[0]} and {pair[1]}")


def _values(table: Table, kind: Kind) -> tuple[pl.DataFrame, list[str]]:
    """Return the measured columns of a kind under our names, as they were read, and the names they had."""
    wanted = {
        "candles": (*VALUES, *EXTRAS, "confirmed"),
        "trades": ("price", "amount", "cost", "id", "side", "maker", "type"),
        "funding": ("rate",),
        "quotes": (),
    }[kind]
    chosen = {role: table.column(role) for role in wanted}
    if kind == "quotes":
        chosen = {role: table.names.get(role.replace("_", "")) for role in QUOTE_COLUMNS}
    if kind == "candles":
        chosen |= _volumes(table, chosen)
    taken: dict[str, str] = {}
    for role, name in chosen.items():
        if name is not None and name not in taken.values():
            taken[role] = name
    frame = table.frame.select(_clean(table.frame[name]).alias(role) for role, name in taken.items())
    if kind == "candles":
        missing = [name for name in VALUES[:4] if name not in taken]
        if missing:
            raise Misconfigured(
                f"{table.source}: column {', '.join(missing)} is missing; it has {_listed(table.frame)}"
            )
        if "volume" not in taken:
            frame = frame.with_columns(volume=pl.lit(None, pl.Float64))
        if "confirmed" in taken:
            frame = frame.with_columns(confirmed=_truth(frame["confirmed"]))
    return (_with_sides(frame) if kind == "trades" else frame), list(taken.values())


def _volumes(table: Table, chosen: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return which of several columns `volume <currency>` is the base's and which the quote's."""
    names = [(plain(column), column) for column in table.frame.columns]
    named = {name[6:].upper(): column for name, column in names if re.fullmatch(r"volume[a-z0-9]+", name)}
    symbol = table.label.symbol or _symbol_inside(table)
    base, _, quote = (symbol or "/").partition("/")
    rest = [column for currency, column in named.items() if currency not in (quote, "CURRENCY", *table.quotes)]
    own = named.get(base) or chosen["volume"] or (rest[0] if rest else None)
    other = named.get(quote) or next((named[q] for q in table.quotes if q in named and named[q] != own), None)
    return {"volume": own, "quote_volume": chosen["quote_volume"] or (other if other != own else None)}


def _symbol_inside(table: Table) -> str | None:
    name = next((table.names[name] for name in SYMBOLS if name in table.names), None)
    return label_of(str(table.frame[name][0]), table.quotes).symbol if name is not None else None


def _clean(column: pl.Series) -> pl.Series:
    """Return texts without thousands marks, with a decimal point, and K, M, B and percent signs worked in."""
    if column.dtype != pl.String:
        return column
    text = column.str.strip_chars()
    if bool(text.str.contains(",", literal=True).any()):
        european = bool(text.str.contains(r"^-?[\d.]*\d,\d+$").any()) and not bool(text.str.contains(r",\d+\.").any())
        decimal = text.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
        text = decimal if european else text.str.replace_all(",", "", literal=True)
    for mark, zeros in (("K", 3), ("M", 6), ("B", 9)):
        text = text.str.replace(rf"^(-?\d+(?:\.\d+)?){mark}$", f"${{1}}e{zeros}")
    return text


def _truth(column: pl.Series) -> pl.Series:
    return column.cast(pl.String).str.to_lowercase().is_in(["1", "true", "yes"])


def _with_sides(frame: pl.DataFrame) -> pl.DataFrame:
    """Return trades whose `side` is that of the taker: buy or sell, null where it is not said."""
    told = pl.lit(None, pl.String)
    if "side" in frame.columns:
        word = pl.col("side").cast(pl.String).str.to_lowercase()
        told = pl.when(word.is_in(["buy", "b", "bid"])).then(pl.lit("buy"))
        told = told.when(word.is_in(["sell", "s", "ask"])).then(pl.lit("sell"))
    elif "maker" in frame.columns:
        made = pl.col("maker").cast(pl.String).str.to_lowercase().is_in(["true", "1"])
        told = pl.when(made).then(pl.lit("sell")).otherwise(pl.lit("buy"))
    texts = [pl.col(name).cast(pl.String) for name in ("id", "type") if name in frame.columns]
    said = [pl.when(~text.str.to_lowercase().is_in(_NOTHING)).then(text) for text in texts]
    return frame.with_columns(told.alias("side"), *said).drop("maker", strict=False)


def _labels(table: Table, wanted: tuple[str, ...]) -> pl.Series | None:
    name = next((table.names[name] for name in wanted if name in table.names), None)
    if name is None or table.frame[name].null_count() == table.frame.height:
        return None
    return table.frame[name]


def _first(part: pl.DataFrame, name: str) -> str | None:
    return part[name][0] if name in part.columns else None


def length_of(text: str) -> Timeframe | None:
    """Return a timeframe told in our words or in minutes; None when it is neither."""
    found = re.fullmatch(r"(?:candle)?([1-9]\d*)([smhdw]?)", text.strip().lower())
    if found is None:
        return None
    return Timeframe.parse(found[1] + (found[2] or "m"))


def _only_open(rows: pl.DataFrame) -> bool:
    """Return whether bars hold nothing but an open as small as a rate: funding rates in the shape of candles."""
    empty = [pl.col(name).cast(pl.Float64, strict=False).eq(0).all() for name in VALUES[1:]]
    rate = pl.col("open").cast(pl.Float64, strict=False).abs()
    told = rows.select(*empty, small=rate.max() < 1, some=(rate > 0).any()).row(0)
    return rows.height > 1 and all(value is True for value in told)


def _listed(frame: pl.DataFrame) -> str:
    return ", ".join(frame.columns)[:300] or "no columns"
