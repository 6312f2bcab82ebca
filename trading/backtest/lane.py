"""A lane of a backtest: one strategy on one symbol, its signals, and for how many bars nothing in it can change."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np

from trading.backtest.idle import Floats, Idle, Wanted
from trading.backtest.slots import Slots
from trading.backtest.sub_account import SubAccount
from trading.backtest.trader import Trader
from trading.signal import Lineage, Signal
from trading.strategies.knowledge import Knowledge, Place, Shown, held_exposure, signal
from trading.strategies.strategy import Desire, Parameters, Row

#: The place of a bar in its stretch, the time at which it opened, and that of its close.
Moment = tuple[int, datetime, datetime]

#: So many bars are looked at together.
BLOCK = 64


@dataclass(slots=True)
class Lane:
    """Where its signals go, whose they are, what it wants with which parameters, and what is idle there.

    `begin` tells what is shown of the next stretch of bars and what the market offers behind each.
    """

    place: Place
    sub: SubAccount
    wanted: Callable[[Row, Any], Desire]
    values: Parameters
    idle: Idle
    told: Shown | None = None
    _slots: Slots | None = None
    #: What was desired from a place on, by somebody who holds so much: base and quote.
    _block: "_Block | None" = None

    def begin(self, told: Shown | None, slots: Slots | None) -> None:
        """Go over to the next stretch of bars; without `slots` nothing is ever passed over together."""
        self.told, self._slots, self._block = told, slots, None

    def row(self, place: int) -> dict[str, Any] | None:
        """Return what is shown of a bar, with what is held; None where too little is known."""
        row = None if self.told is None else self.told.rows[place]
        if row is not None:
            stands = self.sub.standing
            row["held_exposure"] = held_exposure((stands.holding, stands.cash), row["close"]) if stands.holding else 0.0
        return row

    def signal(self, moment: Moment, row: Mapping[str, Any], desire: Desire) -> Callable[[], Signal]:
        """Return what makes the signal that is acted on at once and stored nowhere: its lineage names no rows."""
        assert self.told is not None  # noqa: S101 - it has shown the row
        return partial(_signal_of, self.place, moment, row, self.told.models[moment[0]], desire)

    def calm(self, place: int, most: int) -> int:
        """Return how many bars in a row surely change nothing, from the one at `place` on, `most` at most.

        That holds while no gate is closed, nothing waits to be decided and no order of ours can fill.
        """
        if self.told is None:
            return most
        if self._slots is None or self.sub.standing.busy:
            return 0
        block = self._known(place, most)
        since = place - block.since
        wanted, until = block.wanted.part(since), place + len(block.desires) - since
        prices: Floats = (self._slots.shows[place:until] * self.sub.standing.tick).astype(np.float64)
        return min(most, self.idle.lasts(self.sub.standing, wanted, prices))

    def pass_over(self, trader: Trader, bars: Sequence[datetime], place: int, count: int) -> int:
        """Take the signals of `count` calm bars over, as one after the other would be; return how many there were."""
        block, slots = self._block, self._slots
        if self.told is None or block is None or slots is None:
            return 0
        first, last = place - block.since, place + count - 1
        left = [one for one in range(first, first + count) if not block.desires[one].exposure]
        left_at = bars[block.since + left[-1] + 1] if left else None
        row, desire = self.told.rows[last], block.desires[first + count - 1]
        assert row is not None  # noqa: S101 - calm bars are known
        made = self.signal((last, bars[last], bars[last + 1]), row, desire)
        highest = int(slots.shows[place : place + count].max())
        trader.pass_over(self.sub, made, highest, left_at, count)
        return count

    def _known(self, place: int, most: int) -> "_Block":
        """Return what is desired from `place` on; asked again when something else is held than when it was asked."""
        stands, block = self.sub.standing, self._block
        held = (stands.holding, stands.cash)
        if block is None or block.held != held or not block.since <= place < block.since + len(block.desires):
            block = self._block = self._asked(place, min(most, BLOCK), held)
        return block

    def _asked(self, place: int, count: int, held: tuple[float, float]) -> "_Block":
        assert self.told is not None  # noqa: S101 - who is shown nothing is not asked
        rows = self.told.rows[place : place + count]
        if None in rows:
            rows = rows[: rows.index(None)]
        known = [row for row in rows if row is not None]
        base, quote = held
        wanted, values, desires = self.wanted, self.values, list[Desire]()
        for row in known:
            # Lanes of one symbol share their rows: each says what it holds just before it asks.
            row["held_exposure"] = held_exposure((base, quote), row["close"]) if base else 0.0
            desires.append(wanted(row, values))
        return _Block(place, held, desires, Wanted.of(desires, known))


@dataclass(frozen=True, slots=True)
class _Block:
    since: int
    held: tuple[float, float]
    desires: Sequence[Desire]
    wanted: Wanted


def _signal_of(place: Place, moment: Moment, row: Mapping[str, Any], model: str, desire: Desire) -> Signal:
    lineage = Lineage("backtest", "", model, "", "", 0, None, row["regime"])
    return signal(place, *moment[1:], Knowledge(row, row), desire, lineage)
