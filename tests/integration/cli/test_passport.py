"""`tradewind passport` on a book that has traded: every hash recomputes; what is changed is named for its orders."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from adapters.store import models
from adapters.store.database import Database
from cli.program import app
from cli.session.learned import Learning
from models.forecast import linear_return
from models.labels import training_set
from tests.integration.cli.explained_book import BAR, HORIZON, SEED, SERIES, Explained, change, open_book, traded
from tests.integration.cli.forged_rows import PLANTS
from tests.integration.cli.test_json import assert_documented
from tests.integration.execution import conftest
from tests.integration.execution.conftest import floor, start_simulator
from tests.integration.execution.floor import BOOK, Floor
from trading.errors import BadData
from trading.indicators.technical import FEATURES

__all__ = ["floor", "start_simulator"]


@pytest.fixture(autouse=True)
def own_book(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conftest, "open_book", open_book)
    monkeypatch.setenv("COLUMNS", "100")


def said(url: str, *words: str) -> Any:
    return CliRunner(env={"TRADEWIND_DATABASE_URL": url}).invoke(app, ["passport", *words])


def flaws(url: str) -> tuple[int, dict[str, dict[str, str]]]:
    """Return the exit code, and by client id the verdicts that are not `equal` by kind."""
    done = said(url, "--all", "--json")
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["ok"] is (done.exit_code == 0)
    return done.exit_code, {
        one["client_id"]: {mark["kind"]: mark["verdict"] for mark in one["hashes"]} for one in found["flawed"]
    }


@contextmanager
def changed(url: str, table: str, statement: str) -> Iterator[None]:
    """Change a table behind the programs' back, and put it back."""
    change(url, f"create table saved as select * from {table}", statement)
    try:
        yield
    finally:
        change(
            url,
            f"delete from {table}",
            f"insert into {table} overriding system value select * from saved",
            "drop table saved",
        )


def test_every_change_is_named_for_exactly_the_orders_it_concerns(floor: Floor) -> None:
    book, url = traded(floor), floor.database.url
    assert flaws(url) == (0, {})
    first = floor.rows("select * from trading.orders where leg = 'entry' order by created_at limit 1")[0]
    # The models were made before this bar: it is no part of their training.
    bar = floor.one("select max(ts) from signals.strategy_signals")
    names = {"bar": bar, "signal": first["signal_id"], "order": first["client_id"]}
    names["trained"] = floor.one("select trained_to - interval '30 hours' from training.price_models")
    everything = len(floor.orders())
    assert everything >= 5, floor.story()
    assert {order.request.key.leg.value for order in floor.orders()} >= {"entry", "stop", "bid", "exit"}
    for table, statement, condition, said_of in PLANTS:
        plant = statement.format(table=table, **names)
        concerned = "select o.client_id from trading.orders as o inner join signals.strategy_signals as s"
        concerned += f" on o.signal_id = s.signal_id where {condition.format(**names)}"
        expected = {row["client_id"] for row in floor.rows(concerned)}
        assert 0 < len(expected) <= everything
        with changed(url, table, plant):
            code, found = flaws(url)
        assert (code, set(found)) == (1, expected), plant
        for kinds in found.values():
            assert said_of.items() <= kinds.items(), (plant, kinds)
    assert flaws(url) == (0, {})
    _one_order(book, first["client_id"])
    _tables(book, first["client_id"])


def _one_order(book: Explained, order: str) -> None:
    url = book.floor.database.url
    done = said(url, order[:9])
    assert done.exit_code == 0, done.output
    assert max(map(len, done.stdout.splitlines())) <= 100
    lines = done.stdout.splitlines()
    assert lines[0] == f"order {order}  sound"
    for section in ("fills", "journals", "decision", "signal", "model", "message", "runs", "audit chain", "hashes"):
        assert section in lines
    assert any(line.startswith("gate") and line.split()[-1] == "open" for line in lines)
    assert "✗" not in done.stdout
    told = json.loads(said(url, order, "--json").stdout.splitlines()[-1])
    assert (told["client_id"], told["ok"], told["signal"]["strategy"]) == (order, True, "follow_forecast")
    assert told["model"]["model_id"] == book.models["price_models"]
    assert told["kafka"]["offset"] == book.floor.one(
        "select offset_ from trading.inbox where signal_id = %s", told["signal"]["signal_id"]
    )
    assert len(told["fills"]) == len(book.floor.rows("select 1 from trading.fills where client_id = %s", order)) > 0
    assert_documented("passport", told)
    assert_documented("passport --all", json.loads(said(url, "--all", "--json").stdout.splitlines()[-1]))


def _tables(book: Explained, order: str) -> None:
    url = book.floor.database.url
    assert "every hash recomputes" in said(url, "--all", "--book", BOOK).stdout
    stop = next(one.client_id for one in book.floor.orders() if one.request.key.leg.value == "stop")
    because = json.loads(said(url, stop, "--json").stdout.splitlines()[-1])["origin"]
    assert because.startswith("child of signal ")
    change(url, f"update trading.orders set reference_price = 1 where client_id = '{order}'")
    done = said(url, "--all")
    assert (done.exit_code, "1 of" in done.stdout, order in done.stdout) == (1, True, True)
    assert "order not equal" in done.stdout
    done = said(url, order)
    assert (done.exit_code, "✗" in done.stdout) == (1, True)


def test_what_a_line_was_made_from_is_read_again_as_for_trees(floor: Floor) -> None:
    book = Explained(floor)
    book.begin()
    store, now = book.run(), floor.now()
    where = {"book": BOOK, **SERIES}
    features = store.read("features.technical_features", where, as_of=now, columns=["symbol", "ts", *FEATURES])
    rows = training_set(features, book.known(store, now), BAR, HORIZON)
    line = linear_return.fit(rows, FEATURES, HORIZON, SEED, folds=2)
    book.add("price_models", line, now)
    (row,) = floor.rows("select *, 'price_models' as place from training.price_models where kind = 'linear_return'")
    owner = floor.rows("select * from ops.books")[0]
    told = Learning(store)(row, owner)
    assert (told.model_id, told.data_hash) == (line.model_id, line.data_hash)
    assert (told.trained_from, told.trained_to) == (line.trained_from, line.trained_to)


def test_a_closed_gate_names_its_check_and_an_exit_names_the_halt(floor: Floor) -> None:
    book = Explained(floor)
    book.begin()
    book.desire("follow_forecast", "0.5", stop="0.1")
    book.step()
    book.floor.rows(
        "insert into trading.halts (book, reason, actor, at) values (%s, 'the operator sleeps', 'guard', now())"
        " returning halt_id",
        BOOK,
    )
    book.desire("follow_forecast", "0")
    leaving = next(one.client_id for one in floor.orders() if one.request.key.leg.value == "exit")
    told = json.loads(said(floor.database.url, leaving, "--json").stdout.splitlines()[-1])
    assert told["ok"]
    assert told["gates"]["reason"] == "halt the operator sleeps"
    assert [halt["actor"] for halt in told["gates"]["halts"]] == ["guard"]
    assert "halt the operator sleeps" in told["origin"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "say either which ORDER, or --all"),
        (("tw-x", "--all"), "say either which ORDER, or --all"),
        (("",), "ORDER is empty"),
        (("tw-zzz",), "ORDER tw-zzz: no order has a client id that begins like this"),
        (("tw-zzz", "--book", "none"), "--book none: there is no such book"),
        (("--all", "--book", "none"), "--book none: there is no such book"),
        (("tw-",), "ORDER tw- is the beginning of several client ids: tw-"),
    ],
)
def test_a_wrong_order_is_one_line(floor: Floor, words: tuple[str, ...], message: str) -> None:
    floor.tell(floor.signal(strategy="grid"))
    floor.settle()
    assert len(floor.orders()) > 1
    done = said(floor.database.url, *words)
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"tradewind: {message}")


def test_a_folder_where_nothing_has_run_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRADEWIND_DATABASE_URL", raising=False)
    done = CliRunner().invoke(app, ["passport", "--all", "--data-dir", str(tmp_path)])
    assert (done.exit_code, "nothing has run in" in done.output) == (2, True)


def test_a_rule_names_its_own_model_though_all_rules_were_made_at_once(database: str) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    marks = {"knowledge_ts": at, "run_id": "run", "code_version": "0"}
    model: dict[str, Any] = {"features": [], "parameters": {}, "seed": 1, "trained_from": at, "trained_to": at}
    model |= {"data_hash": "", "scores": {}, "artefact": ""}
    with Database(database, size=1) as store, store.transaction() as connection:
        for number, kind in enumerate(("rule_grid", "rule_market_making")):
            models.add(connection, "rule_models", BOOK, {"model_id": f"{9 - number}", "kind": kind, **model}, marks)
        found = {
            kind: models.newest(connection, "rule_models", BOOK, kind)["model_id"]
            for kind in ("rule_grid", "rule_market_making")
        }
        assert found == {"rule_grid": "9", "rule_market_making": "8"}
        with pytest.raises(BadData, match=r"rule_models has no model of kind rule_none for book"):
            models.newest(connection, "rule_models", BOOK, "rule_none")
