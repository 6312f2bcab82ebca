"""The peer of our engine: the same crossover by NautilusTrader; prints seconds of the rounds, fills and final worth.

Runs in an environment of its own and imports nothing of ours: the file that it is given holds the bars.
"""

import json
import sys
import time
from decimal import Decimal

import numpy as np
import pandas as pd
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig
from nautilus_trader.indicators import SimpleMovingAverage
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, TraderId, Venue
from nautilus_trader.model.instruments import CurrencyPair
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.persistence.wranglers import BarDataWrangler
from nautilus_trader.trading.strategy import Strategy

VENUE, SYMBOL = Venue("BENCH"), Symbol("BTCUSDT")
BARS = BarType.from_str("BTCUSDT.BENCH-1-HOUR-LAST-EXTERNAL")


class Crossover(Strategy):
    """Buy when the fast average rises above the slow one, close when it falls below."""

    def __init__(self, instrument, fast, slow, share):
        super().__init__()
        self.instrument, self.share = instrument, share
        self.quick, self.late = SimpleMovingAverage(fast), SimpleMovingAverage(slow)
        self.above, self.fills = False, 0

    def on_start(self):
        """Follow the bars with both averages."""
        self.register_indicator_for_bars(BARS, self.quick)
        self.register_indicator_for_bars(BARS, self.late)
        self.subscribe_bars(BARS)

    def on_order_filled(self, event):
        """Count what was filled."""
        self.fills += 1

    def on_bar(self, bar):
        """Trade where they cross."""
        if not self.late.initialized:
            return
        before, self.above = self.above, self.quick.value > self.late.value
        if self.above == before:
            return
        if self.above:
            cash = self.portfolio.account(VENUE).balance_free(USDT).as_double()
            side, amount = OrderSide.BUY, cash * self.share / bar.close.as_double()
        else:
            side, amount = OrderSide.SELL, self.portfolio.net_position(self.instrument.id)
        quantity = self.instrument.make_qty(amount)
        self.submit_order(self.order_factory.market(self.instrument.id, side, quantity))


def instrument_of(fee):
    """Return the market that is traded: the same steps and fee as ours."""
    return CurrencyPair(
        instrument_id=InstrumentId(SYMBOL, VENUE),
        raw_symbol=SYMBOL,
        base_currency=BTC,
        quote_currency=USDT,
        price_precision=2,
        size_precision=5,
        price_increment=Price.from_str("0.01"),
        size_increment=Quantity.from_str("0.00001"),
        maker_fee=fee,
        taker_fee=fee,
        ts_event=0,
        ts_init=0,
    )


def traded(path):
    """Trade the bars of the file, without log and without its analysis; return (seconds, fills, final worth)."""
    began = time.perf_counter()
    with np.load(path) as file:
        told = dict(file)
    names = ("open", "high", "low", "close", "volume")
    frame = pd.DataFrame({name: told[name] for name in names}, index=pd.to_datetime(told["ts"], unit="ms", utc=True))
    instrument = instrument_of(Decimal(str(told["fee"])))
    quiet = LoggingConfig(bypass_logging=True)
    engine = BacktestEngine(BacktestEngineConfig(trader_id=TraderId("BENCH-1"), logging=quiet, run_analysis=False))
    cash = [Money(float(told["capital"]), USDT)]
    engine.add_venue(VENUE, OmsType.NETTING, AccountType.CASH, cash, base_currency=None)
    engine.add_instrument(instrument)
    engine.add_data(BarDataWrangler(BARS, instrument).process(frame))
    strategy = Crossover(instrument, int(told["fast"]), int(told["slow"]), float(told["share"]))
    engine.add_strategy(strategy)
    engine.run()
    seconds, fills = time.perf_counter() - began, strategy.fills
    account = engine.portfolio.account(VENUE)
    held = account.balance_total(BTC).as_double() if fills else 0.0
    worth = account.balance_total(USDT).as_double() + held * float(told["close"][-1])
    engine.dispose()
    return seconds, fills, worth


def main():
    """Trade some rounds: `file rounds`."""
    rounds = [traded(sys.argv[1]) for _ in range(int(sys.argv[2]))]
    print(json.dumps({"seconds": [one[0] for one in rounds], "fills": rounds[-1][1], "worth": rounds[-1][2]}))


if __name__ == "__main__":
    main()
