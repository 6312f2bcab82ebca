"""Hours and maintenance windows, against the calendar: minute by minute, and as a person may write them wrongly."""

from datetime import UTC, datetime, timedelta

import pytest

from trading.closure import closure
from trading.limits import Limits

#: A Monday.
BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
WEEK = [BEGIN + timedelta(minutes=minute) for minute in range(7 * 24 * 60)]


def shut(text: str) -> list[str]:
    """Return the stretches of a week in which `text` holds, as weekday and time of the first and the last minute."""
    held = [closure(text).holds(each) for each in WEEK]
    edges = [at for at in range(1, len(WEEK)) if held[at] != held[at - 1]]
    names = [f"{WEEK[at]:%a %H:%M}" for at in edges]
    return [f"from {name}" if held[at] else f"to {name}" for at, name in zip(edges, names, strict=True)]


@pytest.mark.parametrize(
    ("text", "edges"),
    [
        ("sat-sun", ["from Sat 00:00"]),
        ("wed", ["from Wed 00:00", "to Thu 00:00"]),
        ("wed 10:00-12:30", ["from Wed 10:00", "to Wed 12:30"]),
        ("wed 22:00-24:00", ["from Wed 22:00", "to Thu 00:00"]),
        ("wed 22:00-00:00", ["from Wed 22:00", "to Thu 00:00"]),
        ("wed 23:55-00:05", ["from Wed 23:55", "to Thu 00:05"]),
        ("sun 23:00-01:00", ["to Mon 01:00", "from Sun 23:00"]),
        ("sat-tue", ["to Wed 00:00", "from Sat 00:00"]),
        ("2026-03-04T10:00/2026-03-05T11:30", ["from Wed 10:00", "to Thu 11:30"]),
        ("2026-03-04T10:00+02:00/2026-03-04T11:00", ["from Wed 08:00", "to Wed 11:00"]),
        ("2020-01-01/2026-03-03", ["to Tue 00:00"]),
    ],
)
def test_a_window_begins_and_ends_at_its_minutes(text: str, edges: list[str]) -> None:
    assert shut(text) == edges


def test_every_day_is_each_of_the_seven() -> None:
    assert sum(closure("daily 01:00-01:01").holds(each) for each in WEEK) == 7
    assert all(closure("daily").holds(each) for each in WEEK)
    assert all(closure("mon-sun").holds(each) for each in WEEK)


def test_a_second_within_its_last_minute_is_within() -> None:
    last = BEGIN.replace(hour=1, second=59, microsecond=999_999)
    assert closure("mon 01:00-01:01").holds(last)
    assert not closure("mon 01:00-01:01").holds(last + timedelta(microseconds=1))


def test_limits_keep_each_closure_once_and_rows_without_any_stay_as_they_were() -> None:
    kept = Limits(closed=" sun; sat ;sun;")  # pyright: ignore[reportArgumentType]
    assert kept.closed == ("sat", "sun")
    assert Limits(**kept.model_dump()) == Limits(**kept.model_dump(mode="json")) == kept
    assert "closed" not in Limits().model_dump()
    assert Limits(closed="none") == Limits()  # pyright: ignore[reportArgumentType]
