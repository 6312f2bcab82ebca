"""The peer of our engine: the same crossover by backtesting.py; prints seconds of the rounds, fills and final worth.

Runs in an environment of its own and imports nothing of ours: the file that it is given holds the bars.
"""

import json
import sys
import time
import warnings

import numpy as np
import pandas as pd
from backtesting import Backtest, Strategy
from backtesting.lib import crossover


def average(values, length):
    """Return the mean of so many last values at each of them."""
    return pd.Series(values).rolling(length).mean()


class Crossover(Strategy):
    """Buy when the fast average rises above the slow one, close when it falls below."""

    fast = slow = 1
    share = 1.0

    def init(self):
        """Have both averages computed at once."""
        self.quick = self.I(average, self.data.Close, self.fast)
        self.late = self.I(average, self.data.Close, self.slow)

    def next(self):
        """Trade where they cross."""
        if crossover(self.quick, self.late):
            self.buy(size=self.share)
        elif crossover(self.late, self.quick):
            self.position.close()


def traded(path):
    """Trade the bars of the file; return (seconds, fills, final worth)."""
    began = time.perf_counter()
    with np.load(path) as file:
        told = dict(file)
    names = {"Open": "open", "High": "high", "Low": "low", "Close": "close", "Volume": "volume"}
    frame = pd.DataFrame(
        {theirs: told[name] for theirs, name in names.items()}, index=pd.to_datetime(told["ts"], unit="ms")
    )
    book = Backtest(frame, Crossover, cash=float(told["capital"]), commission=float(told["fee"]))
    found = book.run(fast=int(told["fast"]), slow=int(told["slow"]), share=float(told["share"]))
    return time.perf_counter() - began, 2 * int(found["# Trades"]), float(found["Equity Final [$]"])


def main():
    """Trade some rounds: `file rounds`."""
    # What is still open at the end is not closed, and that is meant.
    warnings.filterwarnings("ignore", message="Some trades remain open")
    rounds = [traded(sys.argv[1]) for _ in range(int(sys.argv[2]))]
    print(json.dumps({"seconds": [one[0] for one in rounds], "fills": rounds[-1][1], "worth": rounds[-1][2]}))


if __name__ == "__main__":
    main()
