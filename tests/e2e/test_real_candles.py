"""The trip on real history: unequal ends, a halt of the venue, a collapse, another venue; and through a real Kafka."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.command import tradewind

pytestmark = pytest.mark.e2e

SIZE = ("--steps", "4", "--history", "1600")
FOUR_MARKETS = {
    "unequal ends": (
        (
            "1h_binance/binance_BTCUSDT_1h.parquet",
            "1h_binance/binance_ETHUSDT_1h.parquet",
            "1h_binance/binance_SOLUSDT_1h.parquet",
        ),
        (),
    ),
    "the halt of 2023-03-24": (("5m_binance_2022-08_2023-09",), ("--timerange", "20230320-20230324T1430")),
    "bybit": (("5m_bybit_2025-04_2025-07",), ()),
    "the collapse of Terra": (("1h_binance/binance_LUNAUSDT_1h.parquet", "1h_binance/binance_USTUSDT_1h.parquet"), ()),
}


def run(folder: Path, *options: str, **variables: str) -> dict[str, Any]:
    folder.chmod(0o755)
    ended = tradewind("run", "--json", "--data-dir", str(folder), *options, **variables)
    assert ended.code == 0, ended.err
    return ended.result


def assert_sound(result: dict[str, Any]) -> None:
    assert result["duplicate_orders"] == 0
    assert result["ledger_imbalance"] == "0"
    assert result["passport_nulls"] == 0
    assert result["rejected"] == 0
    traded = set(result["symbols"]) - set(result["without_orders"])
    assert all(result["without_orders"].values())
    assert bool(traded) == (result["orders"] > 0)
    assert Path(result["report"]).exists()


@pytest.mark.data
@pytest.mark.parametrize("market", FOUR_MARKETS)
def test_real_history_is_traded_or_says_why_not(market: str, tmp_path: Path):
    names, options = FOUR_MARKETS[market]
    root = Path(os.environ["TRADEWIND_TEST_DATA"]) / "candles"
    files = [part for name in names for part in ("--candles", str(root / name))]
    result = run(tmp_path, *SIZE, *files, *options)
    assert_sound(result)
    again = run(tmp_path, *SIZE, *files, *options)
    assert again["rows"] == result["rows"]


@pytest.mark.kafka
def test_the_trip_goes_through_apache_kafka(apache_kafka: str, tmp_path: Path):
    broker = {"TRADEWIND_KAFKA": apache_kafka, "TRADEWIND_SIGNAL_TOPIC": f"trip-{os.getpid()}"}
    result = run(tmp_path, "--steps", "3", "--symbols", "BTC/USDT", **broker)
    assert_sound(result)
    assert result["broker"].startswith("kafka at ")
    assert result["signals"] == 6
