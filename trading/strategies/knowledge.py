"""From what is known of a symbol at the close of a bar to a strategy's signal: the same for assets and backtests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from trading.audit import digest
from trading.signal import Lineage, Signal
from trading.strategies.strategy import Desire, Row
from trading.timeframe import EPOCH, Timeframe

#: A holding worth less of its equity than this is a remainder, not a position.
_REMAINDER = 0.05
#: A volatility that says too little for a signal.
_UNKNOWN = (None, 0.0)
#: Signals have their volatility in such steps.
VOLATILITY_STEP = Decimal("0.0000000001")


@dataclass(frozen=True)
class Knowledge:
    """One symbol at the close of a bar, as stored rows; `forecast` and `regime` are empty when there is none."""

    candle: Mapping[str, Any]
    features: Mapping[str, Any]
    forecast: Mapping[str, Any] = field(default_factory=dict[str, Any])
    regime: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def lacking(self) -> str:
        """Why too little is known for a signal, empty when enough is."""
        if not self.candle:
            return "no bar"
        if self.features.get("volatility_24") in _UNKNOWN:
            return "volatility is not known: too little history, or a market that does not move"
        return ""

    def row(self, held: tuple[float, float], bar: datetime, timeframe: Timeframe) -> Row:
        """Return what a strategy is shown of the `bar` that opened then, at its close.

        `held` is the base held and the quote owned by its sub-account.
        """
        return {**self.shown(bar, timeframe), "held_exposure": held_exposure(held, self.candle["close"])}

    def shown(self, bar: datetime, timeframe: Timeframe) -> dict[str, Any]:
        """Return the row without what its sub-account holds."""
        return {
            **self.features,
            "close": self.candle["close"],
            "closed_at": (bar + timeframe.delta - EPOCH).total_seconds(),
            "bar_seconds": float(timeframe.seconds),
            "expected_return": self.forecast.get("expected_return"),
            "sigma": self.forecast.get("sigma"),
            "regime": self.regime.get("regime"),
        }


@dataclass(frozen=True)
class Shown:
    """One symbol at the closes of successive bars: rows, None where too little is known, and ids of models.

    `held_exposure` is still to be put into the rows, which belong to whoever asked for them. "" stands for no model.
    """

    rows: Sequence[dict[str, Any] | None]
    models: Sequence[str]


def shown(columns: Mapping[str, Sequence[Any]], bars: Sequence[datetime], timeframe: Timeframe) -> Shown:
    """Return what `columns` tell of the `bars` that open then, one value each: what `Knowledge` would, row by row.

    They are those of candle (`close`), features, forecast (with `model_id`) and regime, as far as there are any.
    """
    blank = {"expected_return": None, "sigma": None, "regime": None, "bar_seconds": float(timeframe.seconds)}
    named: dict[str, Sequence[Any]] = {**columns, "closed_at": _closes(bars, timeframe)}
    models = named.pop("model_id", None)
    names, rows = [*named], list[dict[str, Any] | None]()
    for values in zip(*named.values(), strict=True):
        row: dict[str, Any] = blank.copy()
        row.update(zip(names, values))  # noqa: B905 - `strict` costs a tenth of it
        rows.append(row)
    close, volatility = columns["close"], columns["volatility_24"]
    if None in close or any(one in volatility for one in _UNKNOWN):
        known = (told is not None and one not in _UNKNOWN for told, one in zip(close, volatility, strict=True))
        rows = [row if sure else None for row, sure in zip(rows, known, strict=True)]
    return Shown(rows, [""] * len(rows) if models is None else [model or "" for model in models])


def _closes(bars: Sequence[datetime], timeframe: Timeframe) -> list[float]:
    """Return the times at which `bars`, which open then, close, in seconds since 1970."""
    if bars and bars[-1] - bars[0] == (len(bars) - 1) * timeframe.delta:
        # Without holes they are counted, which costs a tenth of asking each.
        first = (bars[0] + timeframe.delta).timestamp()
        return [first + place * timeframe.seconds for place in range(len(bars))]
    return [(bar + timeframe.delta).timestamp() for bar in bars]


def held_exposure(held: tuple[float, float], close: float) -> float:
    """Return which share of its equity a sub-account holds that owns `held`, base and quote; 0 for a remainder."""
    base, quote = held
    equity = base * close + quote
    exposure = base * close / equity if equity > 0 else 0.0
    return exposure if exposure >= _REMAINDER else 0.0


@dataclass(frozen=True)
class Place:
    """Where a strategy's signals go: book, strategy, venue, symbol and the timeframe of the bars."""

    book: str
    strategy: str
    venue: str
    symbol: str
    timeframe: Timeframe


def signal(place: Place, bar: datetime, now: datetime, known: Knowledge, desire: Desire, lineage: Lineage) -> Signal:
    """Return `desire` as the signal of the bar that opened at `bar`, decided at `now`, valid to the next bar's end.

    The venue dates fills by the millisecond, and so is the decision dated: what filled within it was not known to it.
    """
    identity = (place.book, place.strategy, place.venue, place.symbol, str(place.timeframe), bar)
    return Signal(
        digest(identity)[:32],
        place.book,
        place.strategy,
        place.venue,
        place.symbol,
        str(place.timeframe),
        bar,
        now.replace(microsecond=now.microsecond // 1000 * 1000),
        bar + 2 * place.timeframe.delta,
        desire.exposure,
        desire.stop,
        Decimal(repr(known.features["volatility_24"])).quantize(VOLATILITY_STEP),
        Decimal(repr(known.candle["close"])),
        desire.reason,
        lineage,
        desire.quotes,
    )
