"""What waits to be written is bounded, survives an outage in order, and one bad row holds back no other."""

from collections.abc import Sequence
from typing import Any

import pytest

from services.collector.outlet import Outlet
from trading.errors import BadData, Unavailable


class Place:
    """Where rows go; down, or refusing the rows with a bad number."""

    def __init__(self) -> None:
        self.down = False
        self.taken: list[tuple[str, int]] = []

    def write(self, table: str, rows: Sequence[dict[str, Any]]) -> None:
        if self.down:
            raise Unavailable("away")
        if any(row["n"] < 0 for row in rows):
            raise BadData("negative")
        self.taken += [(table, row["n"]) for row in rows]


def filled(place: Place, count: int, most: int = 100) -> Outlet:
    outlet = Outlet(place.write, most)
    for n in range(count):
        outlet.put("even" if n % 2 == 0 else "odd", {"n": n})
    return outlet


def test_rows_arrive_in_order_by_table() -> None:
    place = Place()
    assert filled(place, 6).flush() == 6
    assert place.taken == [("even", 0), ("even", 2), ("even", 4), ("odd", 1), ("odd", 3), ("odd", 5)]


def test_an_outage_loses_nothing_that_fits_and_counts_the_rest() -> None:
    place = Place()
    outlet = filled(place, 8, most=8)
    place.down = True
    with pytest.raises(Unavailable):
        outlet.flush()
    assert outlet.waiting == 8
    for n in range(8, 11):
        outlet.put("even", {"n": n})
    assert (outlet.waiting, outlet.dropped) == (8, 3)
    place.down = False
    assert outlet.flush() == 8
    assert sorted(n for _, n in place.taken) == list(range(3, 11))


def test_one_bad_row_holds_back_no_other() -> None:
    place = Place()
    outlet = filled(place, 4)
    outlet.put("even", {"n": -1})
    outlet.flush()
    assert sorted(n for _, n in place.taken) == [0, 1, 2, 3]
    assert [(table, row["n"], why) for table, row, why in outlet.refused] == [("even", -1, "negative")]
