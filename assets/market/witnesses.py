"""What other venues tell of the same bars, so that no single one is believed alone."""

from datetime import datetime

import polars as pl

from assets.resources import Desk
from trading.candle import BARS
from trading.errors import BadData, Unavailable
from trading.market.clean import vet
from trading.market.finding import Finding


def told(at: Desk, symbol: str, start: datetime, end: datetime) -> tuple[dict[str, pl.DataFrame], list[Finding]]:
    """Return the sound bars of `symbol` in [start, end) by venue, and a finding for each venue that does not answer."""
    frames: dict[str, pl.DataFrame] = {}
    missing: list[Finding] = []
    for name, data in at.references().items():
        try:
            pages = list(data.bars(symbol, at.timeframe, start, end))
        except (Unavailable, BadData) as error:
            last = end - at.timeframe.delta
            missing.append(Finding("venue does not answer", False, 1, last, last, f"{name}: {error}"))
            continue
        frames[name] = vet(pl.concat([pl.DataFrame(schema=BARS), *pages]), at.timeframe).good
    return frames, missing
