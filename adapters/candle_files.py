"""Candle files of any common form, read as raw rows per symbol; cleaning them is trading/market/clean.py."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import polars as pl

from adapters.candle_columns import VALUES, observed_step, read_columns
from adapters.candle_names import FileName, expand, market_of, read_name
from trading.errors import Misconfigured
from trading.timeframe import Timeframe

__all__ = ["CandleFile", "observed_step", "read"]

LOT_DECIMALS = 8


@dataclass(frozen=True)
class CandleFile:
    """The raw rows of one market: `frame` has ts (UTC) and open..volume as the file had them, unsorted and uncleaned.

    `symbol` is BASE/QUOTE. `ignored` names the columns that were not used, `notes` says what was decided on the way.
    """

    paths: tuple[Path, ...]
    venue: str | None
    base: str
    quote: str
    timeframe: Timeframe
    frame: pl.DataFrame
    ignored: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def symbol(self) -> str:
        """The market as BASE/QUOTE."""
        return f"{self.base}/{self.quote}"

    def steps(self) -> tuple[Decimal, Decimal]:
        """Return (tick, lot): the smallest steps that the prices and the volumes of the rows show."""
        tick = min(observed_step(self.frame[name]) for name in VALUES[:4])
        return tick, observed_step(self.frame["volume"], LOT_DECIMALS)


def read(
    paths: Iterable[str | Path],
    *,
    venue: str | None = None,
    timeframe: Timeframe | str | None = None,
    symbols: Sequence[str] | None = None,
    quotes: tuple[str, ...],
) -> list[CandleFile]:
    """Return the candle files of `paths` (files or folders; parquet, CSV, CSV.gz, feather), one per symbol, sorted.

    Args:
        paths: files, or folders that are searched.
        venue: takes the files of this venue; where no file name says it, the label of all.
        timeframe: takes the files of this timeframe; None when all have the same.
        symbols: takes these symbols only, `BTC/USDT` or `BTCUSDT`; one of them names a single nameless file.
        quotes: quote currencies that may end a symbol without separator, tried in order.

    Raises:
        Misconfigured: a path, column, symbol, venue or timeframe is missing or ambiguous; the message names it.

    """
    wanted = [market_of(symbol, quotes, "--symbols") for symbol in symbols or ()]
    length = Timeframe.parse(timeframe) if isinstance(timeframe, str) else timeframe
    files = expand([Path(path) for path in paths])
    name_for_all = wanted[0] if len(files) == len(wanted) == 1 else None
    found = [part for path in files for part in _read_one(path, quotes, name_for_all, length)]
    found = _of_symbols(found, wanted)
    found = _of_timeframe(found, length)
    found = _of_venue(found, venue)
    return [_merge(parts) for parts in _by_symbol(found)]


def _read_one(
    path: Path, quotes: tuple[str, ...], given: tuple[str, str] | None, length: Timeframe | None
) -> list[CandleFile]:
    name = read_name(path, quotes)
    rows, ignored = read_columns(path, name.market[0] if name.market else None)
    parts: list[CandleFile] = []
    for market, frame in _markets(path, name, rows, quotes, given):
        own, note = _own_timeframe(path, name, frame, length)
        parts.append(CandleFile((path,), name.venue, *market, own, frame, ignored, note))
    return parts


def _markets(
    path: Path, name: FileName, rows: pl.DataFrame, quotes: tuple[str, ...], given: tuple[str, str] | None
) -> list[tuple[tuple[str, str], pl.DataFrame]]:
    """Return the markets of a file with their rows: several by its column `symbol`, else the one it is named after."""
    if "symbol" not in rows.columns:
        market = name.market or given
        if market is None:
            raise Misconfigured(
                f"{path}: the name tells no symbol (say binance_BTCUSDT_1h.parquet) and there is no column symbol; "
                "give it with --symbols"
            )
        return [(market, rows)]
    names = rows["symbol"].unique().sort()
    if len(names) == 1 and (name.market or given):
        return [((name.market or given or ("", "")), rows.drop("symbol"))]
    if names.null_count():
        raise Misconfigured(f"{path}: column symbol: {rows['symbol'].null_count()} rows without a symbol")
    return [
        (market_of(str(label), quotes, f"{path}: column symbol"), part.drop("symbol"))
        for label, part in zip(
            names, rows.sort("symbol", maintain_order=True).partition_by("symbol", maintain_order=True), strict=True
        )
    ]


def _own_timeframe(
    path: Path, name: FileName, frame: pl.DataFrame, length: Timeframe | None
) -> tuple[Timeframe, tuple[str, ...]]:
    """Return the timeframe that the name says, else the most frequent spacing of the rows."""
    steps = frame["ts"].drop_nulls().unique().sort().diff().drop_nulls().dt.total_seconds()
    spacing = int(steps.mode().min()) if len(steps) else 0  # pyright: ignore[reportArgumentType]
    if name.timeframe is None:
        if spacing > 0:
            others = int((steps != spacing).sum())
            said = f"{path.name}: bars of {Timeframe(spacing)}, as most rows are apart; {others} are not"
            return Timeframe(spacing), (said,) if others else ()
        if length is not None:
            return length, ()
        raise Misconfigured(f"{path}: too few rows to infer the timeframe; give it with --timeframe")
    if spacing and spacing != name.timeframe.seconds:
        return name.timeframe, (f"{path.name}: named {name.timeframe}, but its rows are mostly {spacing} s apart",)
    return name.timeframe, ()


def _of_symbols(found: list[CandleFile], wanted: list[tuple[str, str]]) -> list[CandleFile]:
    held = {(file.base, file.quote) for file in found}
    absent = [f"{base}/{quote}" for base, quote in wanted if (base, quote) not in held]
    if absent:
        listed = ", ".join(sorted(f"{base}/{quote}" for base, quote in held))
        raise Misconfigured(f"--symbols: no candles for {', '.join(absent)}; the files hold {listed}")
    return [file for file in found if not wanted or (file.base, file.quote) in wanted]


def _of_timeframe(found: list[CandleFile], length: Timeframe | None) -> list[CandleFile]:
    lengths = sorted({file.timeframe for file in found})
    if length is None:
        if len(lengths) > 1:
            raise Misconfigured(
                f"files of several timeframes: {_listed(found, 'timeframe')}; choose one with --timeframe"
            )
        return found
    kept = [file for file in found if file.timeframe == length]
    if not kept:
        raise Misconfigured(f"--timeframe {length}: no such file among {_listed(found, 'timeframe')}")
    return _left_out(found, kept, f"not {length}")


def _of_venue(found: list[CandleFile], venue: str | None) -> list[CandleFile]:
    venues = {file.venue for file in found if file.venue is not None}
    if venue is None:
        if len(venues) > 1:
            raise Misconfigured(f"files of several venues: {_listed(found, 'venue')}; choose one with --venue")
        return [replace(file, venue=next(iter(venues), None)) for file in found]
    if venue.lower() in venues:
        kept = [file for file in found if file.venue in (venue.lower(), None)]
        return [replace(file, venue=venue.lower()) for file in _left_out(found, kept, f"not of {venue}")]
    if len(venues) > 1:
        raise Misconfigured(f"--venue {venue}: no such file among {_listed(found, 'venue')}")
    return [replace(file, venue=venue.lower()) for file in found]


def _left_out(found: list[CandleFile], kept: list[CandleFile], why: str) -> list[CandleFile]:
    others = sorted({path.name for file in found for path in file.paths} - {p.name for f in kept for p in f.paths})
    if not others:
        return kept
    note = f"left out, {why}: {', '.join(others)}"
    return [replace(kept[0], notes=(*kept[0].notes, note)), *kept[1:]]


def _by_symbol(found: list[CandleFile]) -> list[list[CandleFile]]:
    return [[file for file in found if file.symbol == symbol] for symbol in sorted({file.symbol for file in found})]


def _merge(parts: list[CandleFile]) -> CandleFile:
    if len(parts) == 1:
        return parts[0]
    paths = tuple(path for part in parts for path in part.paths)
    names = [path.name for path in paths]
    shown = names if len(set(names)) == len(names) else map(str, paths)
    note = f"{parts[0].symbol}: {len(paths)} files merged: {', '.join(shown)}"
    return replace(
        parts[0],
        paths=paths,
        frame=pl.concat([part.frame for part in parts], how="vertical_relaxed"),
        ignored=tuple(dict.fromkeys(name for part in parts for name in part.ignored)),
        notes=(*(said for part in parts for said in part.notes), note),
    )


def _listed(found: list[CandleFile], field: str) -> str:
    groups: dict[str, list[str]] = {}
    for file in found:
        groups.setdefault(str(getattr(file, field) or "unnamed"), []).append(file.paths[0].name)
    return "; ".join(f"{key} ({', '.join(names)})" for key, names in sorted(groups.items()))
