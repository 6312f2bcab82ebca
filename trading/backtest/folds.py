"""Folds of a walk forward: parameters are chosen on the parts before, and judged on the next one, never seen."""

from collections.abc import Sequence
from dataclasses import dataclass

from trading.errors import Misconfigured

#: Bars of a part: below, no ratio of its returns is told.
LEAST_BARS = 30


@dataclass(frozen=True)
class Fold:
    """Steps of the traded window: what is `chosen` from, and right after it what that is `judged` on."""

    number: int
    chosen: range
    judged: range


def folds(steps: int, count: int, train: int | None = None) -> Sequence[Fold]:
    """Return `count` folds of `steps` bars, cut into one part more; the judged parts follow each other without a gap.

    Each is chosen from the `train` parts before it (None: all of them).

    Raises:
        Misconfigured: a part would have too few bars.
    """
    parts = count + 1
    if steps // parts < LEAST_BARS:
        raise Misconfigured(
            f"--folds {count}: {steps} traded bars are too few for {parts} parts of at least {LEAST_BARS}; choose fewer"
            " folds, more --steps, a shorter --timeframe or longer files"
        )
    ends = [steps * part // parts for part in range(parts + 1)]
    return [
        Fold(
            number,
            range(ends[max(0, number - train) if train else 0], ends[number]),
            range(ends[number], ends[number + 1]),
        )
        for number in range(1, parts)
    ]
