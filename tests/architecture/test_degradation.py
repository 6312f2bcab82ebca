"""Each rung of the ladder in docs/degradation.md names tests that are there."""

import re

from tests.architecture.source import ROOT

LADDER = (ROOT / "docs" / "degradation.md").read_text()
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def missing(text: str) -> list[str]:
    """Return what `text` names and the tests do not have."""
    found = []
    for path, name in NAMED.findall(text):
        file = ROOT / path
        if not file.exists() or (name and f"def {name}(" not in file.read_text()):
            found.append(f"{path}::{name}")
    return found


def test_every_rung_is_shown_by_tests_that_exist() -> None:
    assert missing(LADDER) == []
    rungs = [line for line in LADDER.splitlines() if line.startswith("| ") and not line.startswith("| what is away")]
    assert len(rungs) > 15
    assert [rung for rung in rungs if not NAMED.search(rung.rsplit(" | ", 1)[-1])] == []


def test_a_name_that_leads_nowhere_is_seen() -> None:
    assert missing("`tests/architecture/test_degradation.py::test_nothing` `tests/none.py`") == [
        "tests/architecture/test_degradation.py::test_nothing",
        "tests/none.py::",
    ]
