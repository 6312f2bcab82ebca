"""What is shown of settings: everything but secrets."""

import json

import pytest
from typer.testing import CliRunner

from cli.program import app

SECRETS = {
    "TRADEWIND_DATABASE_URL": "postgresql://user:pass-word@db.example:5432/trade",
    "TRADEWIND_SIGNAL_KEY": "k" * 40,
    "TRADEWIND_VENUE_API_SECRET": "very-secret",
}


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_no_secret_is_shown(options: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(app, ["show-config", *options])
    assert done.exit_code == 0
    for secret in ("pass-word", "k" * 40, "very-secret"):
        assert secret not in done.output
    assert "db.example" in done.output.replace("\n", "")


def test_each_setting_says_where_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEWIND_BOOK", "mine")
    done = CliRunner().invoke(app, ["show-config", "--json", "--data-dir", "elsewhere"])
    found = {row["setting"]: (row["value"], row["from"]) for row in json.loads(done.output)["settings"]}
    assert found["TRADEWIND_BOOK"] == ("mine", "environment")
    assert found["TRADEWIND_DATA_DIR"] == ("elsewhere", "option")
    assert found["TRADEWIND_KAFKA"] == (None, "default")


def test_an_unknown_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEWIND_BOOKS", "x")
    done = CliRunner().invoke(app, ["show-config", "--json"])
    assert done.exit_code == 2
    assert "TRADEWIND_BOOKS" in json.loads(done.stdout.splitlines()[-1])["message"]
