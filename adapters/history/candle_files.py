"""Candle files as a run replays them: one timeframe and venue, raw rows per symbol, to be cleaned by trading/market.

What a file is and says, all verbs read alike (registry.py); here is chosen what a run may use of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import polars as pl

from adapters.history.file_names import market_of
from adapters.history.prepared import prepared
from adapters.history.registry import expand
from adapters.history.registry import read as read_file
from adapters.history.series import Series
from trading.errors import Misconfigured
from trading.market.findings.row_rules import VALUES
from trading.timeframe import Timeframe

LOT_DECIMALS = 8
#: As many names of files are listed.
_LISTED = 5


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
    """Return the candles in `paths` (files or folders, of any form that registry.py knows), one per symbol, sorted.

    Args:
        paths: files, which must hold candles, or folders, in which they are looked for.
        venue: takes the files of this venue; where no file says it, the label of all.
        timeframe: takes the files of this timeframe; None when all have the same.
        symbols: takes these symbols only, `BTC/USDT` or `BTCUSDT`; one of them names a single nameless file.
        quotes: quote currencies that may end a symbol without separator, tried in order.

    Raises:
        Misconfigured: a path, column, symbol, venue or timeframe is missing or ambiguous; the message names it.

    """
    wanted = [market_of(symbol, quotes, "--symbols") for symbol in symbols or ()]
    length = Timeframe.parse(timeframe) if isinstance(timeframe, str) else timeframe
    found, without = _found([Path(path) for path in paths], quotes)
    given = wanted[0] if len(found) == len(wanted) == 1 else None
    files = [_candle_file(path, part, quotes, given, length) for path, part in found]
    files = _of_symbols(files, wanted)
    files = _of_timeframe(files, length)
    files = _of_venue(files, venue)
    chosen = [_merge(parts) for parts in _by_symbol(files)]
    if without:
        more = f" and {len(without) - _LISTED} more" if len(without) > _LISTED else ""
        note = f"left out, no candles: {', '.join(path.name for path in without[:_LISTED])}{more}"
        chosen[0] = replace(chosen[0], notes=(*chosen[0].notes, note))
    return chosen


def observed_step(column: pl.Series, cap: int = 12) -> Decimal:
    """Return the step of the positive numbers of `column`: ten to minus the most decimals seen (or `cap`).

    Decimals are those of the shortest text that gives the number up to a few units of float rounding, so that
    0.30000000000000004 has one.
    """
    values = column.cast(pl.Float64, strict=False).drop_nulls()
    values = values.filter(values.is_finite() & (values > 0)).unique()
    decimals = 0
    while decimals < cap:
        values = values.filter((values.round(decimals) - values).abs() > values * 2e-15)
        if values.is_empty():
            break
        decimals += 1
    return Decimal(1).scaleb(-decimals)


def _found(paths: list[Path], quotes: tuple[str, ...]) -> tuple[list[tuple[Path, Series]], list[Path]]:
    """Return the candles of each file, and the files of folders that hold none; a file that was named must."""
    if not paths:
        raise Misconfigured("--candles: name at least one file or folder")
    try:
        files = expand(paths)
    except Misconfigured as error:
        raise Misconfigured(f"--candles {error}") from None
    named = {path.resolve() for path in paths}
    found: list[tuple[Path, Series]] = []
    without: dict[Path, str] = {}
    for path in files:
        try:
            parts, _ = read_file(path, quotes)
            candles = [part for part in parts if part.kind == "candles"]
            if not candles:
                raise Misconfigured(f"{path}: holds {parts[0].kind}, no candles")
        except Misconfigured as error:
            if path.resolve() in named:
                raise
            without[path] = str(error)
        else:
            found += [(path, part) for part in candles]
    if not found:
        first = next(iter(without.values()))
        several = f"--candles: no candles among {len(without)} files; the first: " if len(without) > 1 else ""
        raise Misconfigured(several + first)
    return found, [*without]


def _candle_file(
    path: Path, part: Series, quotes: tuple[str, ...], given: tuple[str, str] | None, length: Timeframe | None
) -> CandleFile:
    if part.rows["volume"].null_count() == part.rows.height:
        raise Misconfigured(f"{part.source}: column volume is missing or empty")
    own = part.timeframe or length
    if own is None:
        raise Misconfigured(f"{part.source}: too few rows to infer the timeframe; give it with --timeframe")
    if part.symbol is None and given is None:
        raise Misconfigured(
            f"{part.source}: nothing in it and no part of its name (say binance_BTCUSDT_1h.parquet) tells the symbol; "
            "give it with --symbols"
        )
    market = market_of(part.symbol, quotes, part.source) if part.symbol is not None else given
    assert market is not None  # noqa: S101
    rows, decisions, open_bars = prepared(part)
    said = [f"{open_bars} bars left out: not closed"] if open_bars else []
    notes = tuple(f"{Path(part.source).name}: {note}" for note in (*part.notes, *decisions, *said))
    return CandleFile((path,), part.venue, *market, own, rows.select("ts", *VALUES), part.ignored, notes)


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
