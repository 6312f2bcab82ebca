"""A signal: the state a strategy desires for one symbol, with its expiry and its lineage."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from trading.quote import Quote


@dataclass(frozen=True)
class Lineage:
    """Where a signal comes from; every hash is the hex SHA-256 of the canonical text of the rows."""

    run_id: str
    code_version: str
    model_id: str
    feature_hash: str
    candle_hash: str
    config_version: int
    forecast_hash: str | None = None
    regime: str | None = None


@dataclass(frozen=True)
class Signal:
    """Desired state of (book, strategy, symbol) from one closed bar on.

    `exposure` is the wanted share of the sub-account's equity, 0 (flat) to 1 (fully long), before sizing and risk; None
    where nothing is to be bought or sold but by the resting `quotes`. Bids need that; asks may stand beside an exposure
    as its profit targets: what they have sold is not bought back under the same signal.
    `stop` is the distance of a protective stop below the entry as a fraction of price, None for no stop.
    `volatility` is the standard deviation of one bar's log return, for sizing.
    `reference_price` is the close of the bar (quote per base). `ts` is its open time, `decided_at` the knowledge time.
    """

    signal_id: str
    book: str
    strategy: str
    venue: str
    symbol: str
    timeframe: str
    ts: datetime
    decided_at: datetime
    valid_until: datetime
    exposure: Decimal | None
    stop: Decimal | None
    volatility: Decimal
    reference_price: Decimal
    reason: str
    lineage: Lineage = field(repr=False)
    quotes: tuple[Quote, ...] = ()
