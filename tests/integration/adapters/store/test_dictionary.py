"""Every view and column of analytics says what it is, and the page in docs says the same."""

import re
from pathlib import Path

import psycopg
import pytest

from adapters.store import dictionary
from adapters.store.dictionary import Column, View

PAGE = Path(__file__).parents[4] / "docs" / "analytics.md"
UNITS = re.compile(
    r"currency|quote per base|basis points|0 to 1|share of|log return|how many|number of|times|failures|items|rows"
    r"|version|articles|equity|value|cost|quantity|seconds|interval|limit|old|_ts|offset|partition|0 to 100|bars|close"
    r"|decision|same|pnl"
)


@pytest.fixture
def views(database: str) -> list[View]:
    with psycopg.connect(database) as connection:
        return dictionary.read(connection)


def faults(view: View) -> list[str]:
    found = [] if view.meaning and "Source: " in view.meaning else [f"{view.name}: no meaning, or no source"]
    for column in view.columns:
        name = f"{view.name}.{column.name}"
        if not column.meaning.strip():
            found.append(f"{name}: no comment")
        elif column.type == "timestamptz" and "UTC" not in column.meaning:
            found.append(f"{name}: no zone")
        elif column.type in ("numeric", "double precision") and not UNITS.search(column.meaning.lower()):
            found.append(f"{name}: no unit")
    return found


def test_every_view_and_column_is_documented(views: list[View]) -> None:
    assert len(views) >= 18
    assert [fault for view in views for fault in faults(view)] == []


def test_what_is_not_said_is_found() -> None:
    silent = View(
        "v", "A view.", (Column("a", "text", ""), Column("b", "timestamptz", "When."), Column("c", "numeric", "It."))
    )
    assert len(faults(silent)) == 4


def test_the_page_is_what_the_database_says(views: list[View]) -> None:
    assert PAGE.read_text() == dictionary.markdown(views), "tradewind sql --dictionary > docs/analytics.md"
