"""The doctor: what is needed decides the exit code, what is optional does not."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.program import app
from trading.errors import Unavailable


def examine(*options: str) -> tuple[int, dict[str, dict[str, object]]]:
    done = CliRunner().invoke(app, ["doctor", "--json", *options])
    said = json.loads(done.stdout.splitlines()[-1])
    return done.exit_code, {finding["name"]: finding for finding in said["findings"]}


def test_optional_programs_may_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    code, found = examine("--data-dir", str(tmp_path))
    assert code == 0
    assert not found["chromium"]["ok"]
    assert found["chromium"]["disables"]


def test_no_space_is_a_lack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, 10_000_000))  # pyright: ignore
    code, found = examine("--data-dir", str(tmp_path))
    assert (code, found["data folder"]["ok"]) == (2, False)


def test_a_database_that_does_not_answer_is_a_lack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(_: str) -> None:
        raise Unavailable("database (TRADEWIND_DATABASE_URL): refused")

    monkeypatch.setenv("TRADEWIND_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setattr("adapters.store.status.server", silent)
    code, found = examine("--data-dir", str(tmp_path))
    assert (code, found["database"]["ok"]) == (2, False)
    assert "TRADEWIND_DATABASE_URL" in str(found["database"]["disables"])
