"""Great Expectations on a real database: what holds, what fails and by how many rows, and the pages that show it."""

from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from adapters.quality import examine
from adapters.store.stored_candles import query
from assets.checks.expectations import EXPECTATIONS

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

_ROW = "timestamptz '2026-03-01 00:00:00+00' + interval '{hours} hours' as ts, {values}"
_SOUND = "10.0 as open, 12.0 as high, 9.0 as low, 11.0 as close, 5.0 as volume"


def rows(*values: str) -> str:
    """Return a query of bars with `values`, an hour apart."""
    return " union all ".join("select " + _ROW.format(hours=n, values=one) for n, one in enumerate(values))


BROKEN = {
    "BTC/USDT": (rows(_SOUND, _SOUND), {}),
    "no rows": (rows(_SOUND) + " limit 0", {"bars at all": 0}),
    "twice": (rows(_SOUND) + " union all " + rows(_SOUND), {"one row per bar": 2}),
    "column gone": (rows("10.0 as open, 12.0 as high, 9.0 as low, 11.0 as close"), None),
    "null": (rows(_SOUND, _SOUND.replace("11.0", "null")), {"close known": 1}),
    "negative": (rows(_SOUND.replace("9.0", "-9.0"), _SOUND), {"low positive": 1}),
    "volume": (rows(_SOUND.replace("5.0", "-5.0"), _SOUND), {"volume not negative": 1}),
    "high below": (rows(_SOUND.replace("12.0", "10.5"), _SOUND), {"high at least close": 1}),
    "low above": (rows(_SOUND.replace("9.0", "10.5"), _SOUND), {"open at least low": 1}),
}


def test_each_defect_fails_its_expectation_and_no_other(database: str, tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    found = examine(database, "candles", {name: text for name, (text, _) in BROKEN.items()}, EXPECTATIONS, docs)
    assert list(found) == list(BROKEN)
    for name, (_, wanted) in BROKEN.items():
        failed = {check: verdict.unexpected for check, verdict in found[name].items() if not verdict.holds}
        if wanted is None:
            assert {"columns as declared", "volume known", "volume not negative"} <= set(failed)
        else:
            assert failed == wanted, name
    page = (docs / "index.html").read_text()
    assert "candles" in page
    assert len(list(docs.glob("validations/**/*.html"))) == len(BROKEN)
    examine(database, "candles", {"BTC/USDT": rows(_SOUND)}, EXPECTATIONS, docs)
    assert len(list(docs.glob("validations/**/*.html"))) == 1
    assert [one.name for one in tmp_path.iterdir()] == ["docs"]
    with psycopg.connect(database) as connection:
        others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        assert connection.execute(others).fetchone() == (0,)


def test_the_query_of_a_series_holds_its_values(database: str) -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    text = query("it's", "BTC/USDT", "1h", None, at, at)
    assert "'it''s'" in text
    assert "ts >= " not in text
    assert "ts >= '2026-03-01" in query("v", "s", "1h", at, at, at)
