"""docs/reliability.md against the program: every invariant once, `verify` where a check is, no test that is not."""

import re
from pathlib import Path

from adapters.evidence.invariants import CHECKS

ROOT = Path(__file__).parents[4]
ROWS = re.findall(r"^\| (I\d+) \| (.+?) \| (.+) \|$", (ROOT / "docs" / "reliability.md").read_text(), re.MULTILINE)


def test_every_invariant_has_its_row():
    assert [name for name, _, _ in ROWS] == [f"I{number}" for number in range(1, 54)]


def test_verify_stands_where_a_check_is():
    assert {name for name, _, how in ROWS if "`verify`" in how} == {check.invariant for check in CHECKS}


def test_the_files_that_it_names_exist():
    named = {path for _, _, how in ROWS for path in re.findall(r"`((?:tests|trading)/[^`]+)`", how)}
    assert len(named) > 20
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
