"""`tradewind compare`, as a user types it: the whole paper run with Dagster against the backtest of the same bars."""

from pathlib import Path

import psycopg
import pytest

from tests.e2e.command import tradewind
from tests.e2e.test_run import server
from tests.integration.cli.test_json import assert_documented

pytestmark = pytest.mark.e2e

TRIP = ("--steps", "4", "--symbols", "BTC/USDT,ETH/USDT", "--strategies", "follow_forecast,trend,combine")
#: Always in, so that there is something to compare.
TRIP += ("--set", "trend.entry=-5", "--set", "trend.exit=-6", "--set", "trend.least_strength=0")


def test_paper_and_backtest_are_equal_and_a_forged_fill_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    asked = ("compare", *TRIP, "--json", "--data-dir", str(tmp_path))
    ended = tradewind(*asked)
    assert ended.code == 0, ended.err
    told = ended.result
    assert (told["equal"], told["differences"]) == (True, [])
    assert told["compared"]["fill"]["paper"] == told["compared"]["fill"]["backtest"] > 0
    assert told["compared"]["equity"] == {"paper": 5, "backtest": 5}
    with server(tmp_path) as url, psycopg.connect(url) as connection:
        connection.execute("alter table trading.fills disable trigger user")
        forged = connection.execute(
            "update trading.fills set price = price + 1 where trade_id = '1' and symbol = 'BTC/USDT'"
            " returning client_id"
        ).fetchone()
    assert forged is not None
    again = tradewind(*asked)
    assert again.code == 1
    (one,) = again.result["differences"]
    assert (one["kind"], one["key"], one["field"]) == ("fill", f"BTC/USDT {forged[0]}", "price")
    assert_documented("compare", again.result)
