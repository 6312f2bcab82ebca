"""A venue on wall time is rebuilt from its court record, in process."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from adapters.exchange.court_record import FILE_NAME, lines
from services.simulator.config import SimulatorConfig
from services.simulator.court_record import CourtRecord
from services.simulator.market import Market
from services.simulator.recorded_exchange import RecordedExchange
from tests.integration.simulator.simulator_process import configuration
from trading.order import OrderType, Side
from trading.simulation.filters import Ticket
from trading.simulation.late import Slices

BEGIN = datetime(2026, 2, 10, 5, 30, tzinfo=UTC)


def opened(config: SimulatorConfig, now: datetime) -> RecordedExchange:
    return RecordedExchange(config, Market(config), CourtRecord(config.state_dir / FILE_NAME), now)


def wall_config(folder: Path) -> SimulatorConfig:
    market = {"kind": "random", "seed": 5, "start": "2026-02-01T00:00:00Z", "end": None}
    return SimulatorConfig.model_validate(configuration(folder, market=market, clock={"kind": "wall"}, timeframe="1m"))


def milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def test_fills_while_nobody_asked_come_again_and_so_do_those_of_the_time_down(tmp_path: Path):
    config = wall_config(tmp_path)
    venue = opened(config, BEGIN)
    for number in range(1, 9):
        price = (venue.exchange.books["BTC/USDT"].walk.price or 0) * Decimal("0.01")
        limit = (price * (1 + Decimal(number) / 4000)).quantize(Decimal("0.01"))
        venue.place(number, Ticket("main", "BTC/USDT", f"c{number}", Side.SELL, OrderType.LIMIT, Decimal("0.1"), limit))
        for second in range(0, 1200, 7):
            venue.follow(milliseconds(BEGIN + timedelta(minutes=20 * number, seconds=second)))
    assert len(venue.exchange.trades) > 2
    assert any(event["event"] == "follow" for event in lines(venue.record.path))
    venue.record.close()
    later = milliseconds(BEGIN + timedelta(days=1))
    rebuilt, undisturbed = opened(config, BEGIN + timedelta(hours=9)), venue.exchange
    assert rebuilt.exchange.trades == undisturbed.trades
    rebuilt.follow(later)
    while undisturbed.advance(later):
        pass
    assert rebuilt.exchange.trades == undisturbed.trades
    assert rebuilt.exchange.funds.accounts["main"].free == undisturbed.funds.accounts["main"].free
    rebuilt.record.close()


def test_fills_under_way_transfers_and_fees_are_rebuilt(tmp_path: Path):
    config = wall_config(tmp_path)
    venue, begin = opened(config, BEGIN), milliseconds(BEGIN)
    venue.command({"event": "transfer", "of": 0, "account": "main", "currency": "ETH", "amount": "3", "at": begin})
    venue.command({"event": "fees", "of": 0, "account": "main", "coin": "ETH", "at": begin})
    market = Ticket("main", "BTC/USDT", "late", Side.SELL, OrderType.MARKET, Decimal("0.3"))
    venue.place(1, market, Slices(3, 60_000))
    venue.follow(begin + 90_000)
    venue.record.close()
    rebuilt = opened(config, BEGIN + timedelta(minutes=2))
    assert (rebuilt.exchange.orders[1].filled, rebuilt.exchange.late.due) == (1000, begin + 120_000)
    for one in (venue.exchange, rebuilt.exchange):
        while one.advance(begin + 600_000):
            pass
    assert rebuilt.exchange.trades == venue.exchange.trades
    assert {trade.fee_currency for trade in rebuilt.exchange.trades} == {"ETH"}
    assert vars(rebuilt.exchange.funds.accounts["main"]) == vars(venue.exchange.funds.accounts["main"])
    rebuilt.record.close()


def test_a_new_account_is_admitted_to_an_old_venue(tmp_path: Path):
    config = wall_config(tmp_path)
    opened(config, BEGIN).record.close()
    second = config.accounts[0].model_copy(update={"name": "second", "api_key": "other"})
    more = config.model_copy(update={"accounts": [*config.accounts, second]})
    venue = opened(more, BEGIN)
    assert list(venue.exchange.funds.accounts) == ["main", "second"]
    venue.record.close()
