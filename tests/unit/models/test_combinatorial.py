"""Combinatorial splits against the definition: no training label touches a test label or its embargo, none is lost."""

from datetime import UTC, datetime, timedelta
from itertools import combinations
from math import comb

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.splits import combinatorial
from trading.errors import BadData

START = datetime(2024, 1, 1, tzinfo=UTC)

EVENTS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 15)), min_size=8, max_size=60).filter(
    lambda events: len({hour for hour, _ in events}) >= 6
)


def times(events: list[tuple[int, int]]) -> tuple[pl.Series, pl.Series]:
    t0 = [START + timedelta(hours=hour) for hour, _ in events]
    return pl.Series(t0), pl.Series([at + timedelta(hours=span) for at, (_, span) in zip(t0, events, strict=True)])


def by_definition(events: list[tuple[int, int]], tested: set[int], embargo: int) -> set[int]:
    """Rows that may train: those whose label meets no test label, its embargo counted to it."""
    return {
        row
        for row, (start, span) in enumerate(events)
        if row not in tested
        and not any(
            start < events[one][0] + events[one][1] + embargo and start + span > events[one][0] for one in tested
        )
    }


@settings(max_examples=40)
@given(EVENTS, st.sampled_from([(4, 1), (5, 2), (6, 3)]), st.integers(0, 8))
def test_it_is_what_the_definition_says(events: list[tuple[int, int]], shape: tuple[int, int], embargo: int):
    groups, tested = shape
    t0, t1 = times(events)
    hours = np.array_split(np.array(sorted({hour for hour, _ in events})), groups)
    found = list(combinatorial(t0, t1, groups, tested, timedelta(hours=embargo)))
    assert len(found) == comb(groups, tested)
    for split, chosen in zip(found, combinations(range(groups), tested), strict=True):
        within = {int(hour) for number in chosen for hour in hours[number]}
        test = {row for row, (hour, _) in enumerate(events) if hour in within}
        assert set(split.test.tolist()) == test
        assert set(split.train.tolist()) == by_definition(events, test, embargo)
    counts = np.bincount(np.concatenate([split.test for split in found]), minlength=len(events))
    assert (counts == comb(groups - 1, tested - 1)).all()


def test_what_cannot_be_split_is_named():
    t0, t1 = times([(hour, 2) for hour in range(5)])
    for groups, tested in ((6, 2), (4, 4), (4, 0)):
        with pytest.raises(BadData, match=f"{tested} of {groups} groups cannot be tested with 5 distinct times"):
            list(combinatorial(t0, t1, groups, tested))
    many = times([(hour, 2) for hour in range(60)])
    with pytest.raises(BadData, match=r"20 of 40 groups: .* ways; at most 10,000"):
        list(combinatorial(*many, 40, 20))
