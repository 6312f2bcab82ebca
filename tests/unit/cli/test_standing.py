"""The standing book and what a later start makes of it."""

from datetime import UTC, datetime, timedelta

import pytest

from cli.session.preparation import missed_days
from cli.session.standing import HISTORY, _market, _reopened  # pyright: ignore[reportPrivateUsage]
from trading.errors import Misconfigured

NOW = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)


def test_a_later_start_finds_the_same_market() -> None:
    first = _market("local", 7, NOW)
    again = _reopened("local", first.plan.configuration, None)
    assert again.plan == first.plan
    assert (first.plan.book, first.plan.history_start, first.plan.steps) == ("local", NOW - HISTORY, 0)


def test_another_seed_is_refused_by_name() -> None:
    configuration = _market("local", 7, NOW).plan.configuration
    with pytest.raises(Misconfigured, match="--seed 8"):
        _reopened("local", configuration, 8)


def test_the_book_of_a_run_is_no_standing_book() -> None:
    configuration = _market("local", 7, NOW).plan.configuration | {"steps": 24}
    with pytest.raises(Misconfigured, match="TRADEWIND_BOOK"):
        _reopened("local", configuration, None)


@pytest.mark.parametrize(
    ("newest", "days"),
    [
        (NOW - timedelta(minutes=1), []),
        (NOW - timedelta(hours=6), [3]),
        (datetime(2026, 3, 3, 23, 59, tzinfo=UTC), [3]),
        (datetime(2026, 3, 1, tzinfo=UTC), [1, 2, 3]),
    ],
)
def test_the_days_that_ended_meanwhile_are_missed(newest: datetime, days: list[int]) -> None:
    assert [day.day for day in missed_days(newest, NOW)] == days
