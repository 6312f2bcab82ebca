"""What lasts at the venue until it is changed, and what happens there without any request: over HTTP, and rebuilt."""

from collections.abc import Callable
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import pytest
import requests

from adapters.exchange.court_record import lines
from tests.integration.simulator.simulator_process import SimulatorProcess, instrument
from tests.integration.simulator.test_engine_faults import balances, pass_time, state, trades
from tests.integration.simulator.test_faults import PATHS, buy, cancel, resting
from trading.errors import Misconfigured

STEP = Decimal("0.00000001")


def public(simulator: SimulatorProcess, path: str) -> requests.Response:
    return requests.get(f"{simulator.ready['rest_url']}/api/v3/{path}", timeout=10)


def again(simulator: SimulatorProcess) -> None:
    simulator.kill()
    simulator.start()


def test_f8_a_key_is_revoked_and_restored_and_stays_so_through_a_kill(simulator: SimulatorProcess):
    resting(simulator, "c1")
    simulator.control().conditions(revoked=["main"])
    again(simulator)
    answers = [
        simulator.ask("GET", PATHS["account"]),
        simulator.ask("POST", "/api/v3/userDataStream"),
        buy(simulator, "c2"),
        cancel(simulator, "c1"),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(401, -2015)] * 4
    assert public(simulator, "exchangeInfo").status_code == 200
    assert [event["status"] for event in lines(simulator.record) if event["event"] == "warned"] == [401] * 4
    simulator.control().conditions(revoked=[])
    assert cancel(simulator, "c1").status_code == 200


@pytest.mark.parametrize("offset", [-8000, 1500])
def test_f9_the_venues_clock_is_off(simulator: SimulatorProcess, offset: int):
    true = simulator.control().state().now
    simulator.control().conditions(clock_offset_ms=offset)
    shown = public(simulator, "time").json()["serverTime"]
    assert shown - round(true.timestamp() * 1000) == offset
    assert public(simulator, "exchangeInfo").json()["serverTime"] == shown
    by_true_time = buy(simulator, "c1", recvWindow="1000")
    assert (by_true_time.status_code, by_true_time.json()["code"]) == (400, -1021)
    assert buy(simulator, "c2", recvWindow="1000", timestamp=str(shown)).status_code == 200
    simulator.control().conditions(clock_offset_ms=0)
    assert buy(simulator, "c3", recvWindow="1000").status_code == 200


def test_f16_in_maintenance_only_public_data_are_served_for_its_time(simulator: SimulatorProcess):
    now = simulator.control().state().now
    simulator.control().conditions(maintenance_until=now + timedelta(minutes=2))
    assert [public(simulator, path).status_code for path in ("ping", "time", "ticker/price")] == [200] * 3
    private = [simulator.ask("GET", path, symbol="BTCUSDT", orderId="1") for path in PATHS.values()]
    assert {answer.status_code for answer in [*private, buy(simulator, "c1"), cancel(simulator, "c1")]} == {503}
    pass_time(simulator, 120)
    assert buy(simulator, "c1").status_code == 200


def test_f16_the_whole_venue_is_down_and_every_knock_is_in_the_record(simulator: SimulatorProcess):
    simulator.control().conditions(down_until=simulator.control().state().now + timedelta(minutes=2))
    for _ in range(3):
        with pytest.raises(requests.ConnectionError):
            public(simulator, "ping")
    knocks = [event for event in lines(simulator.record) if event["event"] == "warned"]
    assert [(event["status"], event["method"], event["path"]) for event in knocks] == [(0, "GET", "/api/v3/ping")] * 3
    simulator.control().conditions(down_until=None)
    assert public(simulator, "ping").status_code == 200


@pytest.mark.parametrize("status", ["HALT", "BREAK"])
def test_f15_a_halted_market_takes_and_fills_nothing_until_it_trades_again(simulator: SimulatorProcess, status: str):
    resting(simulator, "near", "1.001")
    resting(simulator, "c1", "0.9999")
    simulator.control().intervene("rules", symbol="BTC/USDT", status=status)
    again(simulator)
    market = public(simulator, "exchangeInfo?symbol=BTCUSDT").json()["symbols"][0]
    assert market["status"] == status
    refused = buy(simulator, "c2")
    assert (refused.status_code, refused.json()) == (400, {"code": -1013, "msg": "Market is closed."})
    assert buy(simulator, "e1", symbol="ETHUSDT").status_code == 200
    before = state(simulator, "c1")
    pass_time(simulator, 48 * 3600)
    assert state(simulator, "c1") == before
    simulator.control().intervene("rules", symbol="BTC/USDT", status="TRADING")
    assert buy(simulator, "c3", quantity="0.01").status_code == 200
    assert cancel(simulator, "c1").status_code == 200


def test_f15_a_delisted_market_is_gone_with_its_orders(simulator: SimulatorProcess):
    resting(simulator, "c1")
    resting(simulator, "c2")
    gone = simulator.control().intervene("rules", symbol="BTC/USDT", status="DELISTED")
    assert [event["event"] for event in gone] == ["canceled", "canceled"]
    again(simulator)
    assert [row["symbol"] for row in public(simulator, "exchangeInfo").json()["symbols"]] == ["ETHUSDT"]
    assert buy(simulator, "c3").json()["code"] == -1121
    assert balances(simulator)["USDT"] == (Decimal(100_000), Decimal(0))


def test_f15_tick_lot_and_minima_change(simulator: SimulatorProcess):
    control = simulator.control()
    control.intervene("rules", symbol="BTC/USDT", tick="0.1", lot="0.01", min_notional="500")
    again(simulator)
    filters = {
        row["filterType"]: row
        for row in public(simulator, "exchangeInfo?symbol=BTCUSDT").json()["symbols"][0]["filters"]
    }
    assert Decimal(filters["PRICE_FILTER"]["tickSize"]) == Decimal("0.1")
    assert Decimal(filters["LOT_SIZE"]["stepSize"]) == Decimal("0.01")
    assert Decimal(filters["NOTIONAL"]["minNotional"]) == 500
    limit = {"type": "LIMIT", "timeInForce": "GTC"}
    refused = [
        buy(simulator, "a", quantity="0.125"),
        buy(simulator, "b", **limit, price="50000.05", quantity="0.1"),
        buy(simulator, "c", **limit, price="1000.1", quantity="0.01"),
    ]
    assert [answer.json()["msg"].rpartition(" ")[2] for answer in refused] == ["LOT_SIZE", "PRICE_FILTER", "NOTIONAL"]
    assert buy(simulator, "d", quantity="0.12").status_code == 200
    with pytest.raises(Misconfigured, match="tick"):
        simulator.control().intervene("rules", symbol="BTC/USDT", tick="0.001")


def test_f18_somebody_else_trades_on_the_account_and_moves_money(simulator: SimulatorProcess):
    control = simulator.control()
    mine = {"account": "main", "symbol": "BTC/USDT"}
    done = control.intervene("order", **mine, side="SELL", type="MARKET", quantity=Decimal("0.2"), client_id="web_1")
    assert [event["event"] for event in done][:2] == ["accepted", "fill"]
    assert done[0]["foreign"] is True
    control.intervene("order", **mine, side="SELL", type="LIMIT", quantity="0.1", limit="900000", client_id="web_2")
    assert state(simulator, "web_2") == ("NEW", Decimal(0))
    control.intervene("cancel", **mine, client_id="web_2")
    control.intervene("transfer", account="main", currency="USDT", amount=Decimal("12.5"))
    control.intervene("transfer", account="main", currency="BTC", amount=Decimal("-0.3"))
    with pytest.raises(Misconfigured, match="INSUFFICIENT_BALANCE"):
        control.intervene("transfer", account="main", currency="BTC", amount="-9")
    got = sum(Decimal(row["quoteQty"]) - Decimal(row["commission"]) for row in trades(simulator))
    expected = {"BTC": (Decimal("0.5"), Decimal(0)), "USDT": (Decimal("100012.5") + got, Decimal(0))}
    assert balances(simulator) == expected
    again(simulator)
    assert balances(simulator) == expected
    with pytest.raises(Misconfigured, match="no account"):
        simulator.control().intervene("transfer", account="nobody", currency="BTC", amount="1")


def test_f19_fees_are_paid_in_a_coin_until_it_runs_out(start_simulator: Callable[..., SimulatorProcess]):
    instruments = [instrument("BTC/USDT"), instrument("BNB/USDT", lot="0.001")]
    simulator = start_simulator(instruments=instruments)
    control = simulator.control()
    control.intervene("transfer", account="main", currency="BNB", amount="0.05")
    control.intervene("fees", account="main", coin="BNB")
    price = control.state().last_prices["BNB/USDT"]
    assert price is not None
    for number in range(12):
        buy(simulator, f"c{number}", side="BUY" if number % 2 else "SELL", quantity="0.15")
    again(simulator)
    rows = trades(simulator)
    kinds = [row["commissionAsset"] for row in rows]
    assert kinds[0] == "BNB"
    assert {"BTC", "USDT"} <= set(kinds)
    for row in rows:
        worth = Decimal(row["quoteQty"]) * Decimal("0.001")
        received = Decimal(row["qty"]) * Decimal("0.001") if row["isBuyer"] else worth
        exact = worth * Decimal("0.75") / price if row["commissionAsset"] == "BNB" else received
        assert Decimal(row["commission"]) == exact.quantize(STEP, ROUND_HALF_EVEN)
    held = {"BTC": Decimal(1), "USDT": Decimal(100_000), "BNB": Decimal("0.05")}
    for row in rows:
        sign = 1 if row["isBuyer"] else -1
        held["BTC"] += sign * Decimal(row["qty"])
        held["USDT"] -= sign * Decimal(row["quoteQty"])
        held[row["commissionAsset"]] -= Decimal(row["commission"])
    assert {currency: free for currency, (free, _) in balances(simulator).items()} == held
    assert held["BNB"] >= 0


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda control: control.conditions(colour="blue"), "colour"),
        (lambda control: control.intervene("explode"), "explode"),
        (lambda control: control.intervene("rules", symbol="NO/PE", status="HALT"), "NO/PE"),
        (lambda control: control.intervene("cancel", account="main", symbol="BTC/USDT", client_id="x"), "no order x"),
    ],
)
def test_a_wrong_call_is_refused_by_name(simulator: SimulatorProcess, call: Callable[[Any], Any], named: str):
    with pytest.raises(Misconfigured, match=named):
        call(simulator.control())
