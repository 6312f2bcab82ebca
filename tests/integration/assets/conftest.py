from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.store.database import Database
from tests.integration.assets.traded_book import BOOK, open_book


@pytest.fixture
def book(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """The book of two days up to its deposits, and settings that name it."""
    settings = {"MODE": "paper", "BOOK": BOOK, "DATABASE_URL": database, "DATA_DIR": str(tmp_path)}
    for name, value in settings.items():
        monkeypatch.setenv(f"TRADEWIND_{name}", value)
    with Database(database) as opened:
        open_book(opened)
        yield opened
