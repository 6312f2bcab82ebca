"""The shared fixtures give what they say."""

import random

import psycopg
import pytest


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_gets_an_empty_database_of_its_own(database: str, turn: int) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE mine AS SELECT 1 AS n")
        assert connection.execute("SHOW timezone").fetchone() == ("UTC",)
        assert connection.info.dbname.startswith("test_")


def test_the_seed_is_printed(seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 <= seed < 2**32
    assert random.Random(seed).random() == random.Random(seed).random()
