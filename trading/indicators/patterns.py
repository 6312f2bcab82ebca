"""Candlestick patterns: TA-Lib's 61, each told where it shows, with the direction and strength that TA-Lib gives it.

Whether one is worth anything is another question; analytics.pattern_hit_rates answers it.
"""

import polars as pl

from trading.candle import TS
from trading.indicators import talib

#: TA-Lib's name of each pattern, and what traders call it.
PATTERNS = {
    "cdl2crows": "two crows",
    "cdl3blackcrows": "three black crows",
    "cdl3inside": "three inside up or down",
    "cdl3linestrike": "three line strike",
    "cdl3outside": "three outside up or down",
    "cdl3starsinsouth": "three stars in the south",
    "cdl3whitesoldiers": "three advancing white soldiers",
    "cdlabandonedbaby": "abandoned baby",
    "cdladvanceblock": "advance block",
    "cdlbelthold": "belt hold",
    "cdlbreakaway": "breakaway",
    "cdlclosingmarubozu": "closing marubozu",
    "cdlconcealbabyswall": "concealing baby swallow",
    "cdlcounterattack": "counterattack",
    "cdldarkcloudcover": "dark cloud cover",
    "cdldoji": "doji",
    "cdldojistar": "doji star",
    "cdldragonflydoji": "dragonfly doji",
    "cdlengulfing": "engulfing",
    "cdleveningdojistar": "evening doji star",
    "cdleveningstar": "evening star",
    "cdlgapsidesidewhite": "gap with side by side white lines",
    "cdlgravestonedoji": "gravestone doji",
    "cdlhammer": "hammer",
    "cdlhangingman": "hanging man",
    "cdlharami": "harami",
    "cdlharamicross": "harami cross",
    "cdlhighwave": "high wave",
    "cdlhikkake": "hikkake",
    "cdlhikkakemod": "modified hikkake",
    "cdlhomingpigeon": "homing pigeon",
    "cdlidentical3crows": "identical three crows",
    "cdlinneck": "in-neck",
    "cdlinvertedhammer": "inverted hammer",
    "cdlkicking": "kicking",
    "cdlkickingbylength": "kicking, told by the longer marubozu",
    "cdlladderbottom": "ladder bottom",
    "cdllongleggeddoji": "long legged doji",
    "cdllongline": "long line",
    "cdlmarubozu": "marubozu",
    "cdlmatchinglow": "matching low",
    "cdlmathold": "mat hold",
    "cdlmorningdojistar": "morning doji star",
    "cdlmorningstar": "morning star",
    "cdlonneck": "on-neck",
    "cdlpiercing": "piercing",
    "cdlrickshawman": "rickshaw man",
    "cdlrisefall3methods": "rising or falling three methods",
    "cdlseparatinglines": "separating lines",
    "cdlshootingstar": "shooting star",
    "cdlshortline": "short line",
    "cdlspinningtop": "spinning top",
    "cdlstalledpattern": "stalled",
    "cdlsticksandwich": "stick sandwich",
    "cdltakuri": "takuri",
    "cdltasukigap": "Tasuki gap",
    "cdlthrusting": "thrusting",
    "cdltristar": "tristar",
    "cdlunique3river": "unique three river",
    "cdlupsidegap2crows": "upside gap with two crows",
    "cdlxsidegap3methods": "upside or downside gap with three methods",
}

#: Bars of a symbol until every pattern can show: ten for the averages that bodies are measured by, and the pattern's
#: own.
WARM_UP = 15

FOUND = pl.Schema({"symbol": pl.String, "ts": TS, "pattern": pl.String, "direction": pl.Int16, "strength": pl.Int16})
MARKED = pl.Schema({"symbol": pl.String, "ts": TS, **dict.fromkeys(PATTERNS, pl.Int16)})


def marks(panel: pl.DataFrame) -> pl.DataFrame:
    """Return symbol, ts and a column per pattern with TA-Lib's answer about it: 0, or +-80, +-100, +-200 (int16).

    The pattern ends with the bar and is known at its close. Gaps are stepped over: the bars on both sides of one count
    as neighbours. 200 is a hikkake that was confirmed, 80 a pattern whose bodies share an end.
    """
    found = [talib.pattern(name).fill_null(0).cast(pl.Int16).alias(name) for name in PATTERNS]
    parts = [
        bars.select(pl.col("symbol").cast(pl.String), pl.col("ts").cast(TS), *found)
        for bars in panel.partition_by("symbol", maintain_order=True)
    ]
    return pl.concat([pl.DataFrame(schema=MARKED), *parts])


def patterns(panel: pl.DataFrame) -> pl.DataFrame:
    """Return symbol, ts, pattern, direction (+1 rising, -1 falling) and strength (80, 100, 200) where one shows.

    One row per bar and pattern, sorted by symbol, ts, pattern. The doji and others that say nothing about a direction
    have the sign that TA-Lib gives them.
    """
    long = marks(panel).unpivot(index=["symbol", "ts"], variable_name="pattern", value_name="mark")
    return (
        long.filter(pl.col("mark") != 0)
        .select("symbol", "ts", "pattern", direction=pl.col("mark").sign(), strength=pl.col("mark").abs())
        .cast(FOUND)
        .sort("symbol", "ts", "pattern")
    )
