"""The shared fixtures give what they say."""

import random

import psycopg
import pytest


@pytest.mark.parametrize("turn", [1, 2])
@pytest.mark.parametrize("kind", ["database", "empty_database"])
def test_each_test_gets_a_database_of_its_own(request: pytest.FixtureRequest, kind: str, turn: int) -> None:
    with psycopg.connect(request.getfixturevalue(kind)) as connection:
        connection.execute("CREATE TABLE public.mine AS SELECT 1 AS n")
        assert connection.execute("SHOW timezone").fetchone() == ("UTC",)
        assert connection.info.dbname.startswith("test_")
        books = connection.execute("select to_regclass('ops.books')::text").fetchone()
        assert books == ((None,) if kind == "empty_database" else ("ops.books",))
        if kind == "database":
            assert connection.execute("select count(*) from ops.books").fetchone() == (0,)


def test_the_seed_is_printed(seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 <= seed < 2**32
    assert random.Random(seed).random() == random.Random(seed).random()
