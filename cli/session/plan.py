"""The plan of a run: which market, which window, which strategies; its hash is the run's key and its book."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from trading.audit import digest
from trading.errors import Misconfigured
from trading.instrument import Instrument
from trading.timeframe import Timeframe

STRATEGIES = ("follow_forecast", "mean_reversion")
#: Bars ahead that the price model looks.
HORIZON = 4
#: The least history before the traded window: features warm up over 24 higher bars, then a model needs rows to learn.
LEAST_HISTORY = 1_200
#: The history that a run asks for where it is not told.
HISTORY = 8_760
#: What every run begins with, in the quote currency of its symbols.
CAPITAL = Decimal(100_000)


@dataclass(frozen=True)
class Trading:
    """What is to be traded: the last `steps` bars (None: all after `history` of them), by which strategies.

    `history` bars, as far as there are so many, lie before them; `parameters` are the changes of their defaults by
    strategy.
    """

    steps: int | None
    history: int = HISTORY
    seed: int = 7
    strategies: tuple[str, ...] = STRATEGIES
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class RunPlan:
    """A market and the window of it that is traded: bars that open in [history_start, end), from window_start on.

    `strategies` trade it, with `parameters` in place of some of their defaults.
    """

    venue: str
    timeframe: Timeframe
    instruments: tuple[Instrument, ...]
    history_start: datetime
    window_start: datetime
    steps: int
    seed: int
    source: dict[str, Any]
    notes: tuple[str, ...] = field(default=(), compare=False)
    strategies: tuple[str, ...] = STRATEGIES
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def end(self) -> datetime:
        """The close of the last traded bar."""
        return self.window_start + self.steps * self.timeframe.delta

    @property
    def symbols(self) -> tuple[str, ...]:
        """The traded symbols."""
        return tuple(instrument.symbol for instrument in self.instruments)

    @property
    def quote(self) -> str:
        """The quote currency that all symbols share."""
        return self.instruments[0].quote

    @property
    def configuration(self) -> dict[str, Any]:
        """All that decides the outcome, as plain values: the row of the book."""
        changed = (
            {"parameters": {name: dict(told) for name, told in self.parameters.items()}} if self.parameters else {}
        )
        return {
            "venue": self.venue,
            "timeframe": str(self.timeframe),
            "symbols": list(self.symbols),
            "quote": self.quote,
            "strategies": list(self.strategies),
            **changed,
            "horizon": HORIZON,
            "seed": self.seed,
            "capital": str(CAPITAL),
            "history_start": self.history_start.isoformat(),
            "window_start": self.window_start.isoformat(),
            "steps": self.steps,
            "source": self.source,
        }

    @property
    def book(self) -> str:
        """The key of the run: the same market, window, steps and configuration give the same one."""
        return f"run-{digest(self.configuration)[:12]}"


def one_quote(instruments: tuple[Instrument, ...]) -> None:
    """Raise Misconfigured when the symbols of a run do not share their quote currency."""
    quotes = sorted({instrument.quote for instrument in instruments})
    if len(quotes) > 1:
        raise Misconfigured(
            f"symbols with several quote currencies {', '.join(quotes)}: choose those of one with --symbols"
        )


@dataclass(frozen=True)
class Timerange:
    """`20230301-20230325`, either side may be empty: the data that a run may use, its end exclusive."""

    start: datetime | None
    end: datetime | None

    @classmethod
    def parse(cls, value: str | None) -> "Timerange":
        """Return the range that `value` says; Misconfigured names the option when it says none."""
        if value is None:
            return cls(None, None)
        first, dash, last = value.partition("-")
        if not dash:
            raise Misconfigured(
                f"--timerange {value!r} is not of the form 20230301-20230325 (either side may be empty)"
            )
        start, end = _moment(first, value), _moment(last, value)
        if start and end and start >= end:
            raise Misconfigured(f"--timerange {value!r} ends before it starts")
        return cls(start, end)

    def holds(self, ts: datetime, timeframe: Timeframe) -> bool:
        """Whether the bar that opens at `ts` lies wholly in the range."""
        return (self.start is None or ts >= self.start) and (self.end is None or ts + timeframe.delta <= self.end)


def _moment(part: str, whole: str) -> datetime | None:
    if not part:
        return None
    if len(part) in (8, 13):
        try:
            return datetime.fromisoformat(part).replace(tzinfo=UTC)
        except ValueError:
            pass
    raise Misconfigured(f"--timerange {whole!r}: {part!r} is neither YYYYMMDD nor YYYYMMDDTHHMM (UTC)")


@dataclass(frozen=True)
class Window:
    """Where the data of a run begin, and where its trading begins, for how many bars."""

    history_start: datetime
    window_start: datetime
    steps: int
    notes: tuple[str, ...]


def choose_window(
    first: datetime, last_shared: datetime, timeframe: Timeframe, trading: Trading, chosen: Timerange
) -> Window:
    """Return the traded window, which ends at `last_shared` or with the range, and the history before it.

    `first` is the earliest bar of any symbol, `last_shared` the newest bar that all have. A range that leaves too
    little history is extended backwards, and the notes say so.

    Raises:
        Misconfigured: there are too few bars for the traded ones and the least history.
    """
    notes: list[str] = []
    last = (
        last_shared
        if chosen.end is None
        else min(last_shared, timeframe.open_of(chosen.end - timedelta(microseconds=1)))
    )
    steps = _steps(first, last, timeframe, trading, chosen)
    window_start = last - (steps - 1) * timeframe.delta
    wanted = window_start - trading.history * timeframe.delta
    if chosen.start is not None and trading.steps is not None:
        wanted = timeframe.open_of(chosen.start)
    least = window_start - LEAST_HISTORY * timeframe.delta
    if wanted > least:
        notes.append(f"history begins {LEAST_HISTORY} bars before the traded window: the models need that much")
        wanted = least
    start = max(first, wanted)
    if (window_start - start) / timeframe.delta < LEAST_HISTORY / 2:
        have = int((last - first) / timeframe.delta) + 1
        raise Misconfigured(
            f"{have} bars of {timeframe} up to {last:%Y-%m-%d %H:%M} are too few: {LEAST_HISTORY // 2} before the"
            f" {max(steps, 1)} traded ones are needed; choose fewer --steps, a later --timerange, a shorter --timeframe"
            " or longer files"
        )
    return Window(start, window_start, steps, tuple(notes))


def _steps(first: datetime, last: datetime, timeframe: Timeframe, trading: Trading, chosen: Timerange) -> int:
    """Return how many bars are traded; without a number, all of the range, or all after the history."""
    if trading.steps is not None:
        return trading.steps
    begin = first + trading.history * timeframe.delta
    if chosen.start is not None:
        begin = max(first + LEAST_HISTORY // 2 * timeframe.delta, timeframe.open_of(chosen.start))
    return int((last - begin) / timeframe.delta) + 1


def market_folder(data_dir: Path, book: str) -> Path:
    """Return where the bars of a run lie for the simulator."""
    return data_dir / "markets" / book
