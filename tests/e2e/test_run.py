"""`tradewind run`, as a user types it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.store.local_postgres import LocalPostgres
from tests.e2e.command import counts, end, start, tradewind

pytestmark = pytest.mark.e2e

FIELDS = {
    "run_key",
    "rows",
    "scores",
    "signals",
    "orders",
    "fills",
    "denied",
    "rejected",
    "passport_nulls",
    "without_orders",
    "equity_start",
    "equity_end",
    "ledger_imbalance",
    "report",
    "duplicate_orders",
    "database",
    "broker",
    "exchange",
    "symbols",
    "timeframe",
    "traded",
    "steps",
    "seed",
    "seconds",
    "peak_rss_mib",
}


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """The database of a data folder that no command uses now."""
    postgres = LocalPostgres(folder)
    postgres.start()
    try:
        yield postgres.url()
    finally:
        postgres.stop()


def test_the_trip_goes_through_and_the_second_time_there_is_nothing_to_do(tmp_path: Path):
    tmp_path.chmod(0o755)
    arguments = ("run", "--steps", "3", "--symbols", "BTC/USDT", "--json", "--data-dir", str(tmp_path))
    first = start(*arguments)
    while not (tmp_path / "children.json").exists():
        assert first.poll() is None
        time.sleep(0.05)
    at_once = tradewind(*arguments)
    assert at_once.code == 2
    assert at_once.reasons == [
        f"tradewind: another tradewind (pid {first.pid}) uses {tmp_path}; stop it or choose another --data-dir"
    ]
    ended = end(first)
    assert ended.code == 0, ended.err
    result = ended.result
    assert set(result) >= FIELDS
    assert (result["duplicate_orders"], result["ledger_imbalance"], result["passport_nulls"]) == (0, "0", 0)
    assert (result["signals"], result["steps"], result["symbols"]) == (6, 3, ["BTC/USDT"])
    assert result["rows"]["trading.inbox"] == result["rows"]["trading.outbox"] == result["signals"]
    with server(tmp_path) as url:
        before = counts(url)
    again = tradewind(*arguments)
    assert again.code == 0, again.err
    assert again.result == result
    with server(tmp_path) as url:
        assert counts(url) == before
    assert before["trading.orders"] == result["orders"] > 0
    # The server rests: a verb that reads starts it for as long as it needs it.
    replayed = tradewind("replay", "--json", "--data-dir", str(tmp_path))
    assert replayed.code == 0, replayed.err
    assert replayed.result["equal"] == replayed.result["decisions"] == before["trading.risk_decisions"] > 0
    explained = tradewind("passport", "--all", "--json", "--data-dir", str(tmp_path))
    assert explained.code == 0, explained.out
    assert (explained.result["orders"], explained.result["flawed"]) == (result["orders"], [])


@pytest.mark.parametrize(
    ("arguments", "variables", "named"),
    [
        ((), {"TRADEWIND_FOO": "1"}, "unknown setting TRADEWIND_FOO"),
        ((), {"TRADEWIND_RECV_WINDOW_MS": "60000"}, "TRADEWIND_RECV_WINDOW_MS"),
        ((), {"TRADEWIND_SIGNAL_KEY": "short"}, "TRADEWIND_SIGNAL_KEY"),
        (("--candles", "/nowhere/at-all.csv"), {}, "/nowhere/at-all.csv"),
        (("--candles", "x.csv", "--exchange", "kraken"), {}, "--exchange"),
        (("--timerange", "20230301-20230302"), {}, "--timerange"),
        (("--candles", "x.csv", "--timerange", "yesterday"), {}, "timerange"),
        (("--candles", "x.csv", "--timerange", "20230305-20230301"), {}, "timerange"),
        (("--exchange", "no_such_exchange"), {}, "no_such_exchange"),
        (("--symbols", "NONSENSE"), {}, "NONSENSE"),
        (("--timeframe", "7x"), {}, "7x"),
    ],
)
def test_wrong_input_is_one_line_that_names_it(
    tmp_path: Path, arguments: tuple[str, ...], variables: dict[str, str], named: str
):
    ended = tradewind("run", "--data-dir", str(tmp_path / "data"), *arguments, timeout=60, **variables)
    assert ended.code == 2, ended.err
    assert len(ended.reasons) == 1
    assert named in ended.reasons[0]
    assert "Traceback" not in ended.err
    assert not (tmp_path / "data" / "postgres").exists()


def test_an_unusable_file_is_named(tmp_path: Path):
    broken = tmp_path / "BTC_USDT-1h.csv"
    broken.write_text("this,is\nnot,a candle file\n")
    ended = tradewind("run", "--data-dir", str(tmp_path / "data"), "--candles", str(broken), timeout=60)
    assert ended.code == 2, ended.err
    assert broken.name in ended.reasons[0]
    assert "Traceback" not in ended.err
