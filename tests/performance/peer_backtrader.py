"""The peer of our engine: the same crossover by backtrader; prints seconds of the rounds, fills and final worth.

Runs in an environment of its own and imports nothing of ours: the file that it is given holds the bars.
"""

import json
import sys
import time

import backtrader as bt
import numpy as np
import pandas as pd


class Crossover(bt.Strategy):
    """Buy when the fast average rises above the slow one, close when it falls below."""

    params = (("fast", 1), ("slow", 1), ("share", 1.0))

    def __init__(self):
        self.fills = 0
        self.cross = bt.ind.CrossOver(bt.ind.SMA(period=self.p.fast), bt.ind.SMA(period=self.p.slow))

    def notify_order(self, order):
        """Count what was filled."""
        self.fills += order.status == order.Completed

    def next(self):
        """Trade where they cross."""
        if self.cross[0] > 0 and not self.position:
            self.order_target_percent(target=self.p.share)
        elif self.cross[0] < 0 and self.position:
            self.close()


def traded(path):
    """Trade the bars of the file, whole columns at a time where it can; return (seconds, fills, final worth)."""
    began = time.perf_counter()
    with np.load(path) as file:
        told = dict(file)
    names = ("open", "high", "low", "close", "volume")
    frame = pd.DataFrame({name: told[name] for name in names}, index=pd.to_datetime(told["ts"], unit="ms"))
    engine = bt.Cerebro(stdstats=False)
    engine.adddata(bt.feeds.PandasData(dataname=frame))
    engine.addstrategy(Crossover, fast=int(told["fast"]), slow=int(told["slow"]), share=float(told["share"]))
    engine.broker.setcash(float(told["capital"]))
    engine.broker.setcommission(float(told["fee"]))
    (done,) = engine.run()
    return time.perf_counter() - began, int(done.fills), float(engine.broker.getvalue())


def main():
    """Trade some rounds: `file rounds`."""
    rounds = [traded(sys.argv[1]) for _ in range(int(sys.argv[2]))]
    print(json.dumps({"seconds": [one[0] for one in rounds], "fills": rounds[-1][1], "worth": rounds[-1][2]}))


if __name__ == "__main__":
    main()
