"""Stress: what the positions held now would lose in the worst days of the past, and in moves nobody has seen yet."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import NormalDist

import numpy as np

from trading.risk.measures.history import DAY, Floats, History

#: Windows of the past (days) of which each symbol's worst is replayed.
WINDOWS = (1, 7, 30)
#: Moves of all prices together, fractions.
SHOCKS = (-0.1, -0.2, -0.5)
#: Days that the market remembers: name, first and last UTC day.
REMEMBERED = (
    ("pandemic crash", datetime(2020, 3, 12, tzinfo=UTC), datetime(2020, 3, 13, tzinfo=UTC)),
    ("sell-off of May 2021", datetime(2021, 5, 12, tzinfo=UTC), datetime(2021, 5, 19, tzinfo=UTC)),
    ("collapse of Terra", datetime(2022, 5, 7, tzinfo=UTC), datetime(2022, 5, 12, tzinfo=UTC)),
    ("collapse of FTX", datetime(2022, 11, 6, tzinfo=UTC), datetime(2022, 11, 9, tzinfo=UTC)),
    ("carry trades unwound", datetime(2024, 8, 3, tzinfo=UTC), datetime(2024, 8, 5, tzinfo=UTC)),
    ("liquidations of October 2025", datetime(2025, 10, 10, tzinfo=UTC), datetime(2025, 10, 11, tzinfo=UTC)),
)


@dataclass(frozen=True)
class Scenario:
    """`profit` (quote, below 0 for a loss) of the positions when prices move by `moves` (fractions by symbol).

    `first` and `last` end the days of a window of the past, None for what is made up; `missing` are held symbols of
    which nothing is known there: they count as unmoved. `profit` is None when that is all of them.
    """

    name: str
    moves: Mapping[str, float]
    profit: float | None
    first: datetime | None = None
    last: datetime | None = None
    missing: Sequence[str] = field(default=())


def worst_windows(history: History, values: Mapping[str, float], symbols: Sequence[str]) -> Iterator[Scenario]:
    """Yield for each of `symbols` its own worst 1, 7 and 30 days, with all others as they moved in them."""
    held = [symbol for symbol in history.closes if values.get(symbol)]
    for days in WINDOWS:
        changes = {symbol: history.changes([symbol], days)[:, 0] for symbol in {*held, *symbols}}
        for symbol in symbols:
            known = changes[symbol]
            if np.isnan(known).all() or np.nanmin(known) >= 0:
                continue
            place = int(np.nanargmin(known))
            moves = {each: float(changes[each][place]) for each in dict.fromkeys([symbol, *held])}
            name = f"worst {days} days of {symbol}" if days > 1 else f"worst day of {symbol}"
            last = history.ends[place]
            yield _played(name, moves, values, last - days * DAY, last)


def remembered(history: History, values: Mapping[str, float]) -> Iterator[Scenario]:
    """Yield what the market remembers, where the history of some position covers it wholly."""
    held = [symbol for symbol in history.closes if values.get(symbol)]
    for name, first, last in REMEMBERED:
        days = (last - first) // DAY + 1
        places = [place for place, end in enumerate(history.ends) if last < end <= last + DAY]
        if not places or not held:
            continue
        place = places[0]
        row = history.changes(held, days)[place]
        if not np.isnan(row).all():
            end = history.ends[place]
            yield _played(name, dict(zip(held, map(float, row), strict=True)), values, end - days * DAY, end)


def hypothetical(history: History, values: Mapping[str, float]) -> Iterator[Scenario]:
    """Yield moves of all prices together, and every position's own worst day at once."""
    held = [symbol for symbol in history.closes if values.get(symbol)]
    for shock in SHOCKS:
        yield _played(f"all prices {shock:+.0%}".replace("-", "\u2212"), dict.fromkeys(held, shock), values)
    own = {symbol: _worst(history.changes([symbol])) for symbol in held}
    yield _played("each at its own worst day at once", own, values)


def all_correlated(returns: Floats, values: Sequence[float], level: float) -> float | None:
    """Return the normal value at risk of a day (quote, below 0 for a loss) were all correlations one.

    `returns` are days x symbols; None for fewer than two days.
    """
    if len(returns) < 2:
        return None
    held = np.asarray(values, dtype=np.float64)
    spread = float(np.abs(held) @ returns.std(axis=0, ddof=1))
    return float(returns.mean(axis=0) @ held) + NormalDist().inv_cdf(level) * spread


def _worst(changes: Floats) -> float:
    return float("nan") if np.isnan(changes).all() else min(0.0, float(np.nanmin(changes)))


def _played(
    name: str,
    moves: Mapping[str, float],
    values: Mapping[str, float],
    first: datetime | None = None,
    last: datetime | None = None,
) -> Scenario:
    known = {symbol: move for symbol, move in moves.items() if not np.isnan(move)}
    held = [symbol for symbol in moves if values.get(symbol)]
    missing = [symbol for symbol in held if symbol not in known]
    unknown = bool(held) and len(missing) == len(held)
    profit = None if unknown else sum((values.get(symbol, 0.0) * move for symbol, move in known.items()), 0.0)
    return Scenario(name, known, profit, first, last, missing)
