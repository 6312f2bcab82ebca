"""Two witnesses are read as of one moment, or not at all."""

from pathlib import Path
from typing import Any

import pytest

from adapters.evidence import load
from trading.errors import Misconfigured, Unavailable


@pytest.mark.parametrize("growths", [0, 2, 1000])
def test_a_venue_that_goes_on_is_looked_at_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, growths: int):
    record, looks = tmp_path / "record", []
    record.write_text("")

    def read(*_: object) -> dict[str, Any]:
        looks.append(1)
        if len(looks) <= growths:
            with record.open("a") as file:
                file.write('{"event":"advance","to":1}\n')
        return {}

    monkeypatch.setattr(load, "_database", read)
    monkeypatch.setattr(load, "_PAUSE_SECONDS", 0)
    database: Any = None
    if growths > load._TRIES:
        with pytest.raises(Unavailable, match="grows all the time"):
            load.load(database, "book", record)
    else:
        assert load.load(database, "book", record).book == "book"
        assert len(looks) == growths + 1


def test_a_book_without_a_record_is_named(tmp_path: Path):
    database: Any = None
    with pytest.raises(Misconfigured, match="no court record"):
        load.load(database, "book", tmp_path / "nothing")


def test_a_broker_that_does_not_answer_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    record, database, order = tmp_path / "record", None, []
    record.write_text("")
    monkeypatch.setattr(load, "_database", lambda *_: order.append("database") or {})

    def log() -> Any:
        order.append("log")
        raise Unavailable("it does not answer")

    assert load.load(database, "book", record, log=log).log == "it does not answer"  # type: ignore[arg-type]
    assert order == ["database", "log"]
