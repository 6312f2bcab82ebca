"""What the campaigns share."""

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from adapters.store.local_postgres import fresh_database
from tests.chaos.abreast import BOOKS, Abreast, Part
from tests.databases import drop


@pytest.fixture
def abreast(postgres_url: str, tmp_path: Path, seed: int, request: pytest.FixtureRequest) -> Iterator[Abreast]:
    """Run a campaign's parts at once, each on a book of its own, and print what each says."""
    stem = f"test_{os.getpid()}_{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:10]}"
    names = [f"{stem}_{number}" for number in range(BOOKS)]

    def run(part: Part) -> None:
        def one(number: int) -> str:
            folder = tmp_path / str(number)
            folder.mkdir()
            return part(folder, urls[number], seed + number, number)

        urls = [fresh_database(postgres_url, name) for name in names]
        with ThreadPoolExecutor(BOOKS) as pool:
            for said in list(pool.map(one, range(BOOKS))):
                print(said)

    yield run
    for name in names:
        drop(postgres_url, name)
