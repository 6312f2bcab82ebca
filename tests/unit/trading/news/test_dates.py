"""When an item says it was published."""

from datetime import UTC, datetime, timedelta

import pytest

from trading.article import Mark
from trading.news.dates import AHEAD, published

SEEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEN = datetime(2026, 3, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stated", "at", "mark"),
    [
        ("Sun, 01 Mar 2026 10:00:00 +0000", TEN, None),
        ("Sun, 01 Mar 2026 05:00:00 EST", TEN, None),
        ("1 Mar 2026 11:00:00 +0100", TEN, None),
        ("2026-03-01T10:00:00Z", TEN, None),
        ("2026-03-01T11:00:00.123456+01:00", TEN + timedelta(microseconds=123456), None),
        ("2026-03-01 10:00:00", TEN, Mark.NO_ZONE),
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC), Mark.NO_ZONE),
        ("20260301", datetime(2026, 3, 1, tzinfo=UTC), Mark.NO_ZONE),
        ("Sun, 01 Mar 2026 10:00:00 -0000", TEN, Mark.NO_ZONE),
        ("Sun, 01 Mar 2026 10:00:00 CET", TEN, Mark.NO_ZONE),
        (TEN.timestamp(), TEN, None),
        (int(TEN.timestamp() * 1000), TEN, None),
        (str(int(TEN.timestamp())), TEN, None),
        ("2026-03-01T12:04:59Z", SEEN + AHEAD - timedelta(seconds=1), None),
        ("2026-03-01T12:05:01Z", None, Mark.FUTURE),
        ("9999-12-31T23:59:59-14:00", None, Mark.UNDATED),
        ("0001-01-01T00:00:00+14:00", None, Mark.UNDATED),
        ("2008-12-31T00:00:00Z", None, Mark.UNDATED),
        ("", None, Mark.UNDATED),
        (None, None, Mark.UNDATED),
        ("yesterday", None, Mark.UNDATED),
        ("31 Feb 2026 10:00:00 +0000", None, Mark.UNDATED),
        ("1" * 5000, None, Mark.UNDATED),
        (float("nan"), None, Mark.UNDATED),
        (1e300, None, Mark.UNDATED),
        (True, None, Mark.UNDATED),
    ],
)
def test_a_stated_date(stated: str | float | None, at: datetime | None, mark: Mark | None) -> None:
    assert published(stated, SEEN) == (at, frozenset({mark} if mark else ()))
