"""`tradewind audit` against a real chain: what a superuser does to it behind our back is found, and the row named."""

import hashlib
import json
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from adapters.store import audit
from adapters.store.anchors import AnchorFile
from adapters.store.audit_chain import newest
from adapters.store.database import Database
from cli.program import app
from tests.integration.execution.floor import broken_links

AT = datetime(2026, 3, 4, 5, 6, 7, 8, tzinfo=UTC)
#: How many rows the chain of the speed test has; a million takes half a minute to write.
ROWS = int(os.environ.get("TRADEWIND_TEST_AUDIT_ROWS", "20000"))


@dataclass
class Chain:
    """Twelve events, anchored at the eighth and the last."""

    folder: Path
    url: str

    def say(self, *words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["audit", *words, "--data-dir", str(self.folder)])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout

    def verify(self) -> tuple[int, dict[str, Any]]:
        code, said = self.say("verify", "--json")
        return code, json.loads(said.splitlines()[-1])

    def tamper(self, *statements: str) -> None:
        with psycopg.connect(self.url) as connection:
            connection.execute("set session_replication_role = replica")
            for statement in statements:
                connection.execute(statement.encode())


@pytest.fixture
def chain(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Chain:
    monkeypatch.setenv("TRADEWIND_DATABASE_URL", database)
    with Database(database, size=1) as store:
        for number in range(1, 13):
            with store.transaction() as connection:
                about = {"price": "1.50", "n": number, "text": "ü|\u202e\\ \"'\n{", "none": None, "list": [1, 2.5]}
                audit.record(connection, AT, "execution", "fill", f"tw-{number}|x", about)
            if number in (8, 12):
                with store.transaction() as connection:
                    head = newest(connection)
                assert head is not None
                AnchorFile(tmp_path).add(*head, AT.isoformat())
        assert broken_links(store) == []
    return Chain(tmp_path, database)


def test_a_sound_chain_is_sound(chain: Chain) -> None:
    code, found = chain.verify()
    assert (code, found["ok"], found["rows"], found["anchors"], found["anchored_to"]) == (0, True, 12, 2, 12)
    assert found["problem"] is None
    code, said = chain.say("verify")
    assert code == 0
    assert "audit chain sound: 12 rows" in said
    assert "2 anchors hold, the newest of row 12 (0 rows behind it)" in said


REHASH = (
    "with recursive mended as (select seq, hash from ops.audit_events where seq = {first} - 1 union all"
    " select e.seq, encode(sha256(convert_to(concat_ws('|', e.seq, m.hash, extract(epoch from e.at), e.actor, e.kind,"
    " e.ref, e.payload), 'UTF8')), 'hex') from ops.audit_events as e inner join mended as m on e.seq = m.seq + 1)"
    " update ops.audit_events as e set hash = m.hash, previous_hash = p.hash from mended as m, mended as p"
    " where e.seq = m.seq and p.seq = m.seq - 1"
)


@pytest.mark.parametrize(
    ("statements", "row", "since"),
    [
        (["""update ops.audit_events set payload = '{"price": "1.51"}' where seq = 5"""], 5, 5),
        (["update ops.audit_events set at = at + interval '1 microsecond' where seq = 12"], 12, 12),
        (["update ops.audit_events set kind = 'fill|tw-3', ref = 'x' where seq = 3"], 3, 3),
        (["delete from ops.audit_events where seq = 4"], 4, 4),
        (["delete from ops.audit_events where seq = 1"], 1, 1),
        (
            ["delete from ops.audit_events where seq = 4", "update ops.audit_events set seq = seq - 1 where seq > 4"],
            4,
            4,
        ),
        (
            [
                "update ops.audit_events set seq = -6 where seq = 6",
                "update ops.audit_events set seq = 6 where seq = 7",
                "update ops.audit_events set seq = 7 where seq = -6",
            ],
            6,
            6,
        ),
        (["delete from ops.audit_events where seq > 10"], 11, 11),
        (["delete from ops.audit_events"], 1, 1),
        (["update ops.audit_events set ref = 'lie' where seq = 10", REHASH.format(first=10)], 12, 9),
        (["update ops.audit_events set ref = 'lie' where seq = 3", REHASH.format(first=3)], 8, 1),
    ],
)
def test_every_lie_is_found(chain: Chain, statements: list[str], row: int, since: int) -> None:
    if "fill|tw-3" in statements[0]:
        statements = ["alter table ops.audit_events drop constraint audit_events_plain_names", *statements]
    chain.tamper(*statements)
    code, found = chain.verify()
    assert (code, found["ok"], found["first_bad_row"], found["bad_since"]) == (1, False, row, since), found
    code, said = chain.say("verify")
    assert code == 1
    assert f"AUDIT CHAIN BROKEN  row {row}: " in said


def test_anchors_that_were_changed_are_not_believed(chain: Chain) -> None:
    path = AnchorFile(chain.folder).path
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[1])
    code, found = chain.verify()
    assert (code, found["ok"], found["first_bad_row"], found["rows"]) == (1, False, None, 12)
    assert "line 1 was changed" in found["problem"]


def test_without_anchors_it_says_what_that_means(chain: Chain) -> None:
    AnchorFile(chain.folder).path.unlink()
    code, said = chain.say("verify")
    assert code == 0
    assert "no anchors" in said


def test_the_chain_is_exported_as_it_was_hashed(chain: Chain) -> None:
    target = chain.folder / "chain.jsonl"
    code, said = chain.say("export", str(target))
    assert (code, said) == (0, f"12 rows in {target}\n")
    rows = [json.loads(line) for line in target.read_text().splitlines()]
    assert [row["seq"] for row in rows] == list(range(1, 13))
    assert rows[0]["at"] == "1772600767.000008"
    code, said = chain.say("export", str(target))
    assert code == 2
    code, said = chain.say("export", str(chain.folder / "none" / "chain.jsonl"))
    assert code == 2


def test_a_long_chain_is_verified_about_as_fast_as_it_is_read_and_hashed(chain: Chain) -> None:
    with psycopg.connect(chain.url) as connection:
        connection.execute(
            "insert into ops.audit_events (at, actor, kind, ref, payload) select %s, 'execution', 'order',"
            " 'tw-' || n, jsonb_build_object('state', 'FILLED', 'price', n::text, 'detail', repeat('x', 100))"
            " from generate_series(1, %s) as n",
            (AT, ROWS),
        )
    began = time.monotonic()
    with psycopg.connect(chain.url) as connection:
        for row in connection.execute("select to_jsonb(e)::text from ops.audit_events as e order by seq"):
            hashlib.sha256(json.dumps(json.loads(row[0])).encode()).hexdigest()
    plain = time.monotonic() - began
    began = time.monotonic()
    code, found = chain.verify()
    took = time.monotonic() - began
    print(f"{ROWS / took:,.0f} rows/s over {ROWS:,} rows, {took / plain:.1f} times as long as to read and hash them")
    assert (code, found["rows"]) == (0, ROWS + 12)
    assert took < 5 * plain
