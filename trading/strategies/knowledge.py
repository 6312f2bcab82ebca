"""From what is known of a symbol at the close of a bar to a strategy's signal: the same for assets and backtests."""

from collections.abc import Mapping
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
        if self.features.get("volatility_24") in (None, 0.0):
            return "volatility is not known: too little history, or a market that does not move"
        return ""

    def row(self, held: tuple[float, float], bar: datetime, timeframe: Timeframe) -> Row:
        """Return what a strategy is shown of the `bar` that opened then, at its close.

        `held` is the base held and the quote owned by its sub-account.
        """
        close, (base, quote) = self.candle["close"], held
        equity = base * close + quote
        exposure = base * close / equity if equity > 0 else 0.0
        return {
            **self.features,
            "close": close,
            "closed_at": (bar + timeframe.delta - EPOCH).total_seconds(),
            "bar_seconds": float(timeframe.seconds),
            "expected_return": self.forecast.get("expected_return"),
            "sigma": self.forecast.get("sigma"),
            "regime": self.regime.get("regime"),
            "held_exposure": exposure if exposure >= _REMAINDER else 0.0,
        }


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
