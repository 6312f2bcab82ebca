"""Whether the closes of one symbol revert to a mean, and how fast: a Dickey-Fuller test over a rolling window.

Each of the last BARS changes of the log close is regressed on the level before it: change = constant + beta * level.
A market that reverts has beta < 0, a random walk 0. No lagged changes stand beside the level: each would cost power,
and one-bar returns hardly hang together. Where they do, as where prices bounce between bid and ask, the test finds
reversion too often.

Only the bars of the base timeframe are tested: a window of bars 24 times as long would span half a year of hours.
"""

import math

import polars as pl

#: Changes that one test looks at: a week of hours.
BARS = 168

#: Less than this share of the changes left unexplained is rounding dust of a window that is no sample.
LEAST_LEFT = 1e-6

#: So close to 0 or -1 a beta is told from it by rounding alone.
LEAST_APART = 1e-6

CLOSE = pl.col("close")


def reversion() -> list[pl.Expr]:
    """Return the t statistic of beta, and the half-life of a distance from the mean, in bars.

    Null in the first BARS bars, and where a window has no two levels or changes follow from levels without any rest.
    The half-life, -ln 2 / ln(1 + beta), is null too where there is none: beta is 0 or more, and distances grow, or -1
    or less, and closes leap across their mean. Where reversion is slow, a window makes it look faster than it is: beta
    is too low by about (4 + 3 beta) / BARS (Kendall, 1954).
    """
    level, change = CLOSE.log().shift(1), CLOSE.log().diff()
    # All levels are measured from the first one of the window, which leaves small numbers to subtract.
    first = level.shift(BARS - 1)
    net, squares = CLOSE.log() - first, (change**2).rolling_sum(BARS)
    spread = level.rolling_var(BARS) * (BARS - 1)
    # The sum of level * change, for the square of a level grows by 2 * level * change + change ** 2.
    together = (net**2 - squares) / 2 - net * (level.rolling_mean(BARS) - first)
    total = squares - net**2 / BARS
    left = total - together**2 / spread
    sample = (level.rolling_max(BARS) > level.rolling_min(BARS)) & (left > LEAST_LEFT * total)
    beta = pl.when(sample).then(together / spread)
    half_life = pl.when((beta > LEAST_APART - 1) & (beta < -LEAST_APART)).then(-math.log(2) / beta.log1p())
    statistic = beta / (left / (BARS - 2) / spread).sqrt()
    return [statistic.alias(f"dickey_fuller_{BARS}"), half_life.alias(f"half_life_{BARS}")]
