"""Our own mistakes, made on purpose: each of them is noticed by the test that is there for it."""

import ast
import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.chaos.seeded_bugs import BUGS, Bug

ROOT = Path(__file__).parents[2]
ALL = bool(os.environ.get("TRADEWIND_TEST_ALL_BUGS"))
NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "node_modules")
#: These say that the tree was broken, not that a test has noticed anything.
_BROKEN = re.compile(
    r"\b(ImportError|ModuleNotFoundError|SyntaxError|IndentationError|NameError|fixture '\w+' not found)\b"
)


def test_every_bug_can_be_made_and_has_its_test():
    assert len(BUGS) >= 40
    assert len({bug.name for bug in BUGS}) == len(BUGS)
    for bug in BUGS:
        assert (bug.name, (ROOT / bug.file).read_text().count(bug.old)) == (bug.name, 1)
        if bug.file.endswith(".py"):
            ast.parse((ROOT / bug.file).read_text().replace(bug.old, bug.new))
        file, _, name = bug.test.partition("::")
        tree = ast.parse((ROOT / file).read_text())
        functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert (bug.name, name.partition("[")[0] in functions) == (bug.name, True)


def test_the_documentation_lists_every_bug():
    text = (ROOT / "docs" / "reliability.md").read_text()
    for bug in BUGS:
        assert f"| {bug.name} | {bug.harm} | `{bug.test}` |" in text


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project that may be broken."""
    copy = tmp_path_factory.mktemp("bugs") / "tree"
    shutil.copytree(ROOT, copy, ignore=NOT_COPIED)
    return copy


def run(tree: Path, url: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run this interpreter in `tree`, whose modules come before those of the installed project."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(tree),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TRADEWIND_TEST_DATABASE_URL": url,
    }
    return subprocess.run(
        [sys.executable, *words], cwd=tree, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def _tested(tree: Path, url: str, *tests: str) -> subprocess.CompletedProcess[str]:
    return run(tree, url, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests)


@pytest.mark.chaos
def test_the_copy_is_what_is_imported(tree: Path, postgres_url: str):
    names = sorted({bug.file.removesuffix(".py").replace("/", ".") for bug in BUGS if bug.file.endswith(".py")})
    shown = f"import importlib, sql; [print(importlib.import_module(n).__file__) for n in {names}]; print(sql.__file__)"
    answer = run(tree, postgres_url, "-c", shown)
    assert answer.returncode == 0, answer.stderr
    assert all(Path(line).is_relative_to(tree) for line in answer.stdout.splitlines())


@pytest.mark.chaos
@pytest.mark.skipif(not ALL, reason="TRADEWIND_TEST_ALL_BUGS=1: without bugs these tests run anyway")
def test_without_a_bug_all_are_green(tree: Path, postgres_url: str):
    answer = _tested(tree, postgres_url, *sorted({bug.test for bug in BUGS}))
    assert answer.returncode == 0, answer.stdout[-3000:]


@pytest.mark.chaos
def test_each_bug_is_noticed_by_its_test(tree: Path, postgres_url: str, seed: int):
    chosen = BUGS if ALL else random.Random(seed).sample(BUGS, -(-len(BUGS) // 12))
    unnoticed: list[str] = []
    for bug in chosen:
        began = time.perf_counter()
        told = _noticed(bug, tree, postgres_url)
        print(f"{time.perf_counter() - began:5.1f} s  {bug.name}: {told or 'noticed'}", flush=True)
        if told:
            unnoticed.append(f"{bug.name}: {told}")
    assert unnoticed == []


def _noticed(bug: Bug, tree: Path, url: str) -> str:
    """Return "" when the test of `bug` fails for what the bug does; what happened instead otherwise."""
    place = tree / bug.file
    sound = place.read_text()
    place.write_text(sound.replace(bug.old, bug.new))
    try:
        answer = _tested(tree, url, bug.test)
    finally:
        place.write_text(sound)
    if answer.returncode == 0:
        return f"{bug.test} is green"
    if answer.returncode != 1 or " failed" not in answer.stdout or _BROKEN.search(answer.stdout):
        return f"{bug.test} did not run: {answer.stdout[-1500:]}{answer.stderr[-500:]}"
    return ""
