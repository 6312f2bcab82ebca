"""Traps that no ordinary day would show: each of these mistakes looks like working code."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from services.execution import booking, intake
from services.execution.recovery import Recovery
from tests.integration.execution.floor import SYMBOL, Floor
from trading.fill import Fill
from trading.order import Side
from trading.ports import Unreachable, Verdict


def test_the_offset_moves_with_the_effect_or_not_at_all(floor: Floor, monkeypatch: pytest.MonkeyPatch):
    floor.settle()

    def end(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(intake, "_accept", end)
    floor.tell(floor.signal())
    with pytest.raises(KeyboardInterrupt):
        floor.turns(50)
    assert floor.rows("select 1 from trading.consumer_offsets where next_offset > 0") == []


def test_strangers_trades_are_told_again_until_they_are_written_down(floor: Floor):
    floor.settle()
    assert floor.venue.send(floor.simulator.order(Side.BUY, "0.001")).verdict is Verdict.ACCEPTED
    recovery = Recovery(floor.desk)
    first = recovery.sweep(SYMBOL)
    assert first
    assert recovery.sweep(SYMBOL) == first
    assert floor.rows("select 1 from trading.fills") == []


def test_a_symbol_stays_closed_until_its_open_orders_are_known(floor: Floor):
    answer = floor.venue.open_orders
    floor.venue.open_orders = lambda symbol: Unreachable("slow")  # type: ignore[method-assign]
    floor.turns(10)
    assert floor.symbol_state()[0] == "RECONCILING"
    floor.venue.open_orders = answer  # type: ignore[method-assign]
    floor.settle()
    assert floor.symbol_state()[0] == "OPEN"


def test_a_fill_beyond_the_order_is_booked_and_halts_its_symbol(floor: Floor):
    floor.tell(floor.signal())
    floor.settle()
    stop = floor.order("stop")
    assert stop.venue_order_id is not None
    ids = ("99", stop.venue_order_id, stop.client_id)
    more = stop.request.quantity + Decimal("0.001")
    trade = Fill("simulator", SYMBOL, *ids, Side.SELL, Decimal(100), more, Decimal(0), "USDT", floor.now())
    with floor.desk.transaction() as connection:
        booking.book(connection, floor.desk, stop, [trade], floor.now())
    assert floor.order("stop").filled == more
    assert floor.symbol_state()[0] == "HALTED"


def test_a_new_owner_takes_what_lives_under_its_epoch(floor: Floor):
    floor.tell(floor.signal())
    floor.settle()
    before = floor.order("stop")
    floor.restart()
    floor.settle()
    assert floor.order("stop") == replace(before, epoch=floor.desk.epoch)
    assert floor.desk.epoch > before.epoch
