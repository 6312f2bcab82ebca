"""`tradewind trace` on a book that has traded: a bar's two versions reach exactly what was computed from each."""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from adapters.evidence.trace import KINDS
from cli.program import app
from tests.integration.cli.explained_book import BAR, HORIZON, HOUR, LEARNED, RULE, Explained, change, open_book
from tests.integration.cli.test_json import assert_documented
from tests.integration.execution import conftest
from tests.integration.execution.conftest import floor, start_simulator
from tests.integration.execution.floor import SYMBOL, Floor
from trading.indicators.technical import technical_features

__all__ = ["floor", "start_simulator"]

Row = dict[str, Any]


@pytest.fixture(autouse=True)
def own_book(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conftest, "open_book", open_book)
    monkeypatch.setenv("COLUMNS", "100")


def said(url: str, *words: str) -> Any:
    return CliRunner(env={"TRADEWIND_DATABASE_URL": url}).invoke(app, ["trace", *words])


def traced(url: str, ts: datetime) -> list[Row]:
    done = said(url, "--candle", SYMBOL, ts.isoformat(), "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout.splitlines()[-1])
    if all(found["versions"][0][kind] for kind in KINDS):
        assert_documented("trace", found)
    return found["versions"]


def revised(book: Explained, ts: datetime) -> None:
    """Store another version of a bar and compute the features anew, as the job `recompute` does."""
    store, now = book.run(), book.floor.now()
    row = book.panel.filter(pl.col("ts") == ts).with_columns(close=pl.col("low"))
    book.candles(store, row, now)
    book.features(store, now)
    assert book.floor.one("select count(*) from market.candles where ts = %s", ts) == 2


def rested(book: Explained, ts: datetime, version: int, when: datetime) -> dict[str, set[Any]]:
    """Return what rests on a version of the bar, told row by row from what each run is known to have read.

    Runs up to the revision at `when` read version 0, later ones and its own version 1. All rows of a series are made
    from its first bar on, so those at or behind the bar rest on it.
    """
    rows = {
        name: book.floor.rows(f"select * from {table} where book = 'book' order by ts")
        for name, table in (
            ("features", "features.technical_features"),
            ("forecasts", "forecasts.price_forecasts"),
            ("regimes", "forecasts.market_regimes"),
        )
    }
    revision = book.revision

    def read(row: Row) -> bool:
        number = int(row["run_id"].removeprefix("run-"))
        return (number >= revision) == (version == 1)

    features = {(row["ts"], row["knowledge_ts"]) for row in rows["features"] if row["ts"] >= ts and read(row)}
    made = []
    for table in ("price_models", "regime_models"):
        for row in book.floor.rows(f"select * from training.{table}"):
            label = HORIZON * HOUR if table == "price_models" else timedelta(0)
            if read(row) and ts <= row["trained_to"] + label:
                made.append(row["model_id"])
    forecasts = {
        (row["ts"], row["knowledge_ts"])
        for row in rows["forecasts"]
        if row["model_id"] in made or _seen(rows["features"], row, features)
    }
    regimes = {
        (row["ts"], row["knowledge_ts"])
        for row in rows["regimes"]
        if row["model_id"] in made or any(_seen(rows["features"], row, features, at) for at in _bars(ts, row["ts"]))
    }
    signals = set()
    for row in book.floor.rows("select * from signals.strategy_signals"):
        told = {name: _visible(rows[name], row["ts"], row["decided_at"]) for name in rows}
        candle = row["ts"] == ts and (row["decided_at"] >= when) == (version == 1)
        touched = told["features"] in features or told["forecasts"] in forecasts or told["regimes"] in regimes
        if candle or touched or row["model_id"] in made:
            signals.add(row["signal_id"])
    orders = book.floor.rows("select client_id from trading.orders where signal_id = any(%s)", list(signals))
    ids = [row["client_id"] for row in orders]
    fills = book.floor.rows("select trade_id from trading.fills where client_id = any(%s)", ids)
    return {
        "features": features,
        "models": set(made),
        "forecasts": forecasts,
        "regimes": regimes,
        "signals": signals,
        "orders": set(ids),
        "fills": {row["trade_id"] for row in fills},
    }


def _bars(first: datetime, last: datetime) -> list[datetime]:
    return [first + number * HOUR for number in range(int((last - first) / HOUR) + 1)]


def _visible(rows: list[Row], ts: datetime, at: datetime) -> tuple[datetime, datetime] | None:
    known = [row["knowledge_ts"] for row in rows if row["ts"] == ts and row["knowledge_ts"] <= at]
    return (ts, max(known)) if known else None


def _seen(rows: list[Row], reader: Row, features: set[Any], ts: datetime | None = None) -> bool:
    """Whether the run of `reader` saw a touched row of features of the bar `ts`, its own when None."""
    number = int(reader["run_id"].removeprefix("run-"))
    there = [
        row
        for row in rows
        if row["ts"] == (reader["ts"] if ts is None else ts) and int(row["run_id"].removeprefix("run-")) <= number
    ]
    newest = max(there, key=lambda row: row["knowledge_ts"], default=None)
    return newest is not None and (newest["ts"], newest["knowledge_ts"]) in features


def told(version: Row) -> dict[str, set[Any]]:
    def times(kind: str) -> set[Any]:
        return {
            (datetime.fromisoformat(row["at"]), datetime.fromisoformat(row["knowledge_ts"])) for row in version[kind]
        }

    found: dict[str, set[Any]] = {kind: times(kind) for kind in ("features", "forecasts", "regimes")}
    names = {"models": "model_id", "signals": "signal_id", "orders": "client_id", "fills": "trade_id"}
    return found | {kind: {row[name] for row in version[kind]} for kind, name in names.items()}


@pytest.fixture
def book(floor: Floor) -> Explained:
    """Four traded bars; after the second one a bar is revised, and what follows is computed anew."""
    made = Explained(floor)
    made.begin()
    made.desire(LEARNED, "0.5", stop="0.1")
    made.step()
    made.desire(RULE, None, bid="0.999")
    made.step()
    return made


@pytest.mark.parametrize("age", [0, 1, 2, 100, 700])
def test_a_bad_bar_is_traced_to_exactly_what_rests_on_each_of_its_versions(book: Explained, age: int) -> None:
    floor, url = book.floor, book.floor.database.url
    ts = BAR.open_of(floor.now()) - (1 + age) * HOUR
    before = traced(url, ts)
    floor.pass_time(timedelta(minutes=1))
    book.revision, when = book.runs + 1, floor.now()
    revised(book, ts)
    store = book.run()
    book.tell(store, floor.now())
    floor.pass_time(timedelta(minutes=1))
    book.desire(LEARNED, "0")
    book.step()
    book.desire(RULE, None, bid="0.98")
    versions = traced(url, ts)
    assert (len(before), len(versions)) == (1, 2)
    assert age < HORIZON or all(versions[0][kind] for kind in KINDS), "or its fields were not compared"
    assert versions[0]["replaced"] == versions[1]["knowledge_ts"]
    for number, version in enumerate(versions):
        expected, found = rested(book, ts, number, when), told(version)
        for kind in expected:
            assert found[kind] == expected[kind], (number, kind)
        named = {row["signal_id"] for row in version["signals"] if "candle" in row["through"]}
        rows = floor.rows("select signal_id, decided_at from signals.strategy_signals where ts = %s", ts)
        assert named == {row["signal_id"] for row in rows if (row["decided_at"] >= when) == (number == 1)}
    assert versions[1]["features"]
    assert versions[1]["signals"]
    _money(book, versions)
    _changed_numbers(book, ts, versions[1])


def _money(book: Explained, versions: list[Row]) -> None:
    """Compare profit and loss with a count by hand: worth at the newest close less what was paid, less the fee."""
    close = book.floor.one("select close from market.candles order by ts desc, knowledge_ts desc limit 1")
    mark = Decimal(repr(close))
    for version in versions:
        total = Decimal(0)
        for row in book.floor.rows(
            "select * from trading.fills where trade_id = any(%s)", [fill["trade_id"] for fill in version["fills"]]
        ):
            sign = 1 if row["side"] == "BUY" else -1
            fee = row["fee"] if row["fee_currency"] == "USDT" else row["fee"] * mark
            total += sign * row["quantity"] * (mark - row["price"]) - fee
        assert Decimal(version["pnl"]) == total


def _changed_numbers(book: Explained, ts: datetime, version: Row) -> None:
    """Every row whose numbers the revision has changed is among those that rest on it, and none before the bar is."""
    first, last = (book.floor.rows(BARS.format(order=order)) for order in ("asc", "desc"))
    schema = ["symbol", "ts", "open", "high", "low", "close", "volume"]
    one, other = (
        technical_features(pl.DataFrame(rows, infer_schema_length=None).select(schema), BAR) for rows in (first, last)
    )
    changed = other.join(one, on=other.columns, how="anti", nulls_equal=True)["ts"]
    reached = {datetime.fromisoformat(row["at"]) for row in version["features"]}
    assert changed.len() > 0
    assert set(changed) <= reached
    assert min(reached) == ts


BARS = (
    "select distinct on (ts) symbol, ts, open, high, low, close, volume from market.candles"
    " order by ts, knowledge_ts {order}"
)


def test_it_is_told_in_a_table_and_wrong_words_are_one_line(book: Explained) -> None:
    url = book.floor.database.url
    ts = BAR.open_of(book.floor.now()) - HOUR
    done = said(url, "--candle", SYMBOL, ts.isoformat())
    assert done.exit_code == 0, done.output
    assert "version 1 of 1" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert any(line.split()[:2] == ["features", "1"] for line in done.stdout.splitlines())
    half = ts + timedelta(minutes=30)
    wrong = [
        (("NO/SUCH", ts.isoformat()), "SYMBOL NO/SUCH: no book trades it"),
        ((SYMBOL, f"{ts:%Y-%m-%dT%H:%M}"), f"TS {ts:%Y-%m-%dT%H:%M} has no zone"),
        ((SYMBOL, "yesterday"), "TS 'yesterday' is no time"),
        ((SYMBOL, half.isoformat()), f"TS {half.isoformat()}: no 1h bar opens then; the one that holds it"),
        ((SYMBOL, "2030-01-01T00:00Z"), "TS 2030-01-01T00:00:00+00:00: no 1h bar of BTC/USDT of simulator"),
        ((SYMBOL, ts.isoformat(), "--book", "none"), "SYMBOL BTC/USDT: no book with --book none trades it"),
        ((SYMBOL, ts.isoformat(), "--venue", "kraken"), "SYMBOL BTC/USDT: no book with --venue kraken trades it"),
        ((SYMBOL, ts.isoformat(), "--timeframe", "4h"), "SYMBOL BTC/USDT: no book with --timeframe 4h trades it"),
        ((SYMBOL, ts.isoformat(), "--timeframe", "7x"), "timeframe '7x' is not one of the form"),
    ]
    for words, message in wrong:
        done = said(url, "--candle", *words)
        assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1), (words, done.output)
        assert done.stderr.startswith(f"tradewind: {message}"), done.stderr
    change(
        url,
        "insert into ops.books (book, configuration, status, steps)"
        " select 'two', configuration || '{\"venue\": \"other\"}', status, 1 from ops.books",
    )
    done = said(url, "--candle", SYMBOL, ts.isoformat())
    assert (done.exit_code, "books trade it from other 1h, simulator 1h" in done.stderr) == (2, True)
    done = said(url, "--candle", SYMBOL, ts.isoformat(), "--book", "two")
    assert (done.exit_code, "no 1h bar of BTC/USDT of other is stored" in done.stderr) == (2, True)
