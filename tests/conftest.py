"""What all tests share: a database server, databases, a broker, a seed, and skips that say why."""

import hashlib
import os
import random
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings

from adapters.bus.local_broker import LocalBroker
from adapters.store.local_postgres import LocalPostgres, fresh_database
from tests.databases import drop, in_memory, migrated

NEEDS = {
    "data": "TRADEWIND_TEST_DATA",
    "kafka": "TRADEWIND_TEST_KAFKA",
    "timescale": "TRADEWIND_TEST_DATABASE_URL",
}
#: How long an example takes is the machine's affair.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def pytest_configure(config: pytest.Config) -> None:
    """Let pass the warnings that others must mend, let no signal be ignored and no terminal be looked at."""
    # How wide the terminal is, or what the workers of a parallel run are told, is no part of any test.
    os.environ.pop("COLUMNS", None)
    # A script's background job ignores SIGINT, and Dagster lets SIGTERM be whatever SIGINT is.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # typer imports names that click will drop
    config.addinivalue_line("filterwarnings", r"ignore:'click\..* is deprecated:DeprecationWarning")
    # kafka-python 3 reads its schemas with calls that Python 3.11 deprecates and 3.13 takes back
    config.addinivalue_line("filterwarnings", "ignore:(read|open)_text is deprecated:DeprecationWarning")
    # its client forgets to close a socket whose connection was refused; ours are connected, so they still fail the test
    config.addinivalue_line("filterwarnings", r"ignore:unclosed <socket.*laddr=\('0\.0\.0\.0':ResourceWarning")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with the reason, what this machine cannot run."""
    for item in items:
        for marker, variable in NEEDS.items():
            if item.get_closest_marker(marker) and not os.environ.get(variable):
                item.add_marker(pytest.mark.skip(reason=f"{marker}: set {variable} to run it"))
        if item.get_closest_marker("browser") and not any(map(shutil.which, BROWSERS)):
            item.add_marker(pytest.mark.skip(reason="browser: install chromium to run it"))


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a PostgreSQL server: TRADEWIND_TEST_DATABASE_URL, or a local one (fsync off) for this session."""
    if given := os.environ.get("TRADEWIND_TEST_DATABASE_URL"):
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="tradewind-tests-", dir=in_memory()))
    folder.chmod(0o755)  # as root, the server's own account must reach it
    server = LocalPostgres(folder, durable=False)
    try:
        server.start()
        yield server.url()
    finally:
        server.remove()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def template(postgres_url: str) -> Iterator[str | None]:
    """The name of a database with the present schema and no rows: to copy it is less than half the work of making one.

    None where TimescaleDB is loaded: its workers stay connected to each database that has it.
    """
    with psycopg.connect(postgres_url) as connection:
        loaded = connection.execute("show shared_preload_libraries").fetchone()
    if loaded is not None and "timescaledb" in loaded[0]:
        yield None
        return
    name = f"template_{os.getpid()}"
    migrated(postgres_url, name, None)
    yield name
    drop(postgres_url, name)


@pytest.fixture
def database(postgres_url: str, template: str | None, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database of this test alone, with the present schema and no rows; dropped after the test."""
    name = _name(request)
    yield migrated(postgres_url, name, template)
    drop(postgres_url, name)


@pytest.fixture
def empty_database(postgres_url: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database of this test alone without any schema of ours; dropped after the test."""
    name = f"{_name(request)}_empty"
    yield fresh_database(postgres_url, name)
    drop(postgres_url, name)


def _name(request: pytest.FixtureRequest) -> str:
    return f"test_{os.getpid()}_{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]}"


@pytest.fixture
def broker() -> Iterator[LocalBroker]:
    """A running in-process broker of this test alone."""
    with LocalBroker() as running:
        yield running


@pytest.fixture
def apache_kafka() -> str:
    """The bootstrap address of a real Apache Kafka; its tests carry the marker `kafka`."""
    return os.environ["TRADEWIND_TEST_KAFKA"]


@pytest.fixture
def seed() -> int:
    """A seed for the test's random numbers, printed when the test fails; TRADEWIND_TEST_SEED repeats one."""
    chosen = int(os.environ.get("TRADEWIND_TEST_SEED") or random.SystemRandom().randrange(2**32))
    print(f"seed {chosen}: TRADEWIND_TEST_SEED={chosen} repeats this test")
    return chosen
