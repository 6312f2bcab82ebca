import json
from pathlib import Path

import pytest

from adapters.exchange.court_record import accepted_orders, duplicate_orders, lines
from trading.errors import BadData


def accepted(client_id: str, account: str = "main") -> dict[str, object]:
    return {"event": "accepted", "client_id": client_id, "account": account, "symbol": "S", "order_id": 1, "at": 5}


def write(path: Path, *events: dict[str, object], tail: str = "") -> Path:
    path.write_text("".join(json.dumps(event) + "\n" for event in events) + tail)
    return path


def test_second_attempts_and_re_sent_ids_are_duplicates(tmp_path: Path):
    ids = ["tw-x-a1", "tw-x-a2", "tw-y-a1", "tw-y-a1", "tw-y-a1", "tw-z-a10"]
    path = write(tmp_path / "record", *map(accepted, ids), accepted("tw-z-a1", "other"), {"event": "request", "of": 1})
    assert duplicate_orders(path) == 3
    assert [order.client_id for order in accepted_orders(path)] == [*ids, "tw-z-a1"]


def test_a_torn_last_line_is_left_out_and_no_record_is_an_empty_one(tmp_path: Path):
    path = write(tmp_path / "record", accepted("tw-x-a1"), tail='{"event":"accep')
    assert len(list(lines(path))) == 1
    assert duplicate_orders(tmp_path / "nothing") == 0


def test_a_broken_line_inside_is_named(tmp_path: Path):
    path = tmp_path / "record"
    path.write_text('{"event":\n{"event":"request"}\n')
    with pytest.raises(BadData, match="line 1"):
        list(lines(path))
