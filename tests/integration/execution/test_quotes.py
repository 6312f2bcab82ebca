"""Quotes at a real venue: they rest, fill, are offered one step higher, and are whole again after a restart."""

from datetime import timedelta
from decimal import Decimal

from adapters.store import books, symbols
from tests.integration.execution.floor import BOOK, SYMBOL, Floor
from trading.execution.ladder import TOLERANCE
from trading.order import Leg, Order, OrderState, Side
from trading.quote import Quote

HOUR = timedelta(hours=1)
LEVELS, STEP, SHARE = 4, Decimal("0.0015"), Decimal("0.1")


def grid(price: Decimal) -> tuple[Quote, ...]:
    """Units at `price` less one to four steps, each sold one step above its own price."""
    prices = [price * (1 - STEP * unit) for unit in range(LEVELS + 1)]
    units = range(1, LEVELS + 1)
    return (
        *(Quote(Side.BUY, prices[unit], SHARE * unit) for unit in units),
        *(Quote(Side.SELL, prices[unit - 1], SHARE * (unit - 1)) for unit in units),
    )


def quote(floor: Floor, quotes: tuple[Quote, ...] | None = None, **changes: object) -> None:
    """Tell a signal of quotes that is valid for a day, and let it have its effect."""
    quotes = grid(floor.price()) if quotes is None else quotes
    wanted = {"exposure": None, "stop": None, "quotes": quotes, "valid_until": floor.now() + timedelta(days=1)}
    floor.tell(floor.signal(**(wanted | changes)))
    floor.settle()


def resting(floor: Floor) -> dict[str, Order]:
    """The orders that rest, by leg and price."""
    orders = [order for order in floor.orders() if not order.state.terminal]
    assert all(order.state in (OrderState.ACKED, OrderState.PARTIAL) for order in orders)
    found = {f"{order.request.key.leg} {order.request.limit}": order for order in orders}
    assert len({order.client_id for order in orders}) == len(orders)
    return found


def last_trigger(floor: Floor) -> str:
    """Why the last decision was made."""
    return floor.one("select trigger_ from trading.risk_decisions order by decided_at desc, decision_no desc limit 1")


def whole(floor: Floor) -> None:
    """All that is held is offered, as far as it is worth an order of its own; nothing but quotes works."""
    orders = resting(floor).values()
    asks = sum((order.remaining for order in orders if order.request.key.leg is Leg.ASK), Decimal(0))
    held, lot = floor.owned().get("BTC", Decimal(0)), floor.desk.instruments[SYMBOL].lot
    assert 0 <= held - asks < max(lot, TOLERANCE * held), floor.story()
    assert all(order.request.key.leg.quoted for order in orders)
    floor.check()


def traded(floor: Floor) -> None:
    """Let the market go on until some bid has filled."""
    for _ in range(60):
        if floor.one("select count(*) from trading.fills"):
            return
        floor.walk(timedelta(minutes=20))
    raise AssertionError(floor.story())


def test_bids_rest_fill_and_are_offered_one_step_higher(floor: Floor):
    quote(floor)
    assert [order.request.key.place for order in floor.orders()] == ["bid1", "bid2", "bid3", "bid4"]
    assert len(resting(floor)) == LEVELS
    floor.check()
    traded(floor)
    whole(floor)
    for _ in range(12):
        floor.walk(timedelta(minutes=20))
        whole(floor)
    sides = {row["side"] for row in floor.rows("select distinct side from trading.fills")}
    assert sides == {"BUY", "SELL"}


def test_the_grid_is_whole_after_a_restart(floor: Floor):
    quotes = grid(floor.price())
    quote(floor, quotes)
    traded(floor)
    before = {name: order.client_id for name, order in resting(floor).items()}
    floor.restart()
    floor.walk(timedelta(minutes=1))
    floor.settle()
    whole(floor)
    # Nothing was cancelled and sent anew that stood where it should.
    after = {name: order.client_id for name, order in resting(floor).items()}
    kept = [name for name in before if after.get(name) == before[name]]
    gone = [order for order in floor.orders() if order.client_id in before.values() and order.state.terminal]
    assert all(order.state is OrderState.FILLED for order in gone)
    assert len(kept) + len(gone) == len(before)


def test_the_same_wish_again_moves_nothing(floor: Floor):
    quotes = grid(floor.price())
    quote(floor, quotes)
    first = [order.client_id for order in floor.orders()]
    quote(floor, quotes)
    assert [order.client_id for order in floor.orders()] == first
    assert {order.request.key.signal_id for order in resting(floor).values()} == {"signal-1"}


def test_another_wish_replaces_what_rests(floor: Floor):
    price = floor.price()
    quote(floor, grid(price))
    quote(floor, grid(price * Decimal("0.99")))
    states = [state for _, state in floor.states()]
    assert states == [OrderState.CANCELED] * LEVELS + [OrderState.ACKED] * LEVELS
    floor.check()


def test_when_the_data_are_in_doubt_quotes_go_without_waiting_for_a_signal(floor: Floor):
    quote(floor)
    assert len(resting(floor)) == LEVELS
    with floor.database.transaction() as connection:
        connection.execute(
            "insert into ops.gates (book, venue, symbol, check_name, domain, closed, detail, at, run_id)"
            " values (%s, 'simulator', %s, 'gap', 'candles', true, 'a bar is missing', %s, 'test')",
            (BOOK, SYMBOL, floor.now()),
        )
    floor.turns(3)
    floor.settle()
    assert resting(floor) == {}
    assert last_trigger(floor) == "gate"
    floor.check()


def test_a_halt_ends_quotes(floor: Floor):
    quote(floor)
    with floor.database.transaction() as connection:
        symbols.set_state(connection, BOOK, SYMBOL, "HALTED", "by hand", floor.now())
    floor.turns(3)
    floor.settle()
    assert resting(floor) == {}


def test_quotes_of_a_signal_that_is_over_go_by_themselves(floor: Floor):
    quote(floor, valid_until=floor.now() + timedelta(hours=1))
    floor.walk(timedelta(minutes=61))
    assert [one for one in resting(floor) if one.startswith("bid")]
    floor.walk(timedelta(minutes=6))
    assert resting(floor) == {}
    assert last_trigger(floor) == "expired"
    floor.check()


def test_a_market_order_that_is_wanted_ends_the_quotes(floor: Floor):
    quote(floor)
    traded(floor)
    floor.tell(floor.signal(exposure=Decimal(0), stop=None))
    floor.settle()
    assert resting(floor) == {}
    assert floor.owned().get("BTC", Decimal(0)) < floor.desk.instruments[SYMBOL].lot * 4
    floor.check()


def test_what_its_fills_were_worth_is_told_in_sql(floor: Floor):
    opened, price = floor.now().replace(minute=0, second=0, microsecond=0), floor.price()
    quote(floor, (Quote(Side.BUY, price * Decimal("1.01"), Decimal("0.3")),))
    closes = [float(price) * factor for factor in (1.0, 1.02, 1.0, 1.0, 1.0, 0.97)]
    with floor.database.transaction() as connection:
        books.open_book(connection, BOOK, {"timeframe": "1h", "venue": "simulator", "quote": "USDT"}, 1)
        for number, close in enumerate(closes):
            ts = opened + number * HOUR
            connection.execute(
                "insert into market.candles (venue, symbol, timeframe, ts, knowledge_ts, open, high, low, close,"
                " volume, run_id, code_version) values ('simulator', %s, '1h', %s, %s, %s, %s, %s, %s, 1, 'test', '0')",
                (SYMBOL, ts, ts + HOUR, close, close, close, close),
            )
    found = floor.rows("select * from analytics.quote_fills order by ts")
    assert found
    for row in found:
        assert (row["leg"], row["side"], row["strategy"]) == ("bid1", "BUY", "strategy")
        assert row["inventory"] == floor.owned()["BTC"]
        wanted = {1: closes[1], 4: closes[4]}
        for bars, close in wanted.items():
            assert row[f"close_{bars}"] == close
            assert abs(row[f"markout_{bars}_bps"] - (close / float(row["price"]) - 1) * 1e4) < 1e-6
        assert row["close_24"] is None
    (summed,) = floor.rows("select * from analytics.adverse_selection")
    assert summed["executions"] == len(found)
    assert summed["picked_off"] == 0.0
    assert summed["largest_inventory"] == floor.owned()["BTC"]
