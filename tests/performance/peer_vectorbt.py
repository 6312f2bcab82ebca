"""The peer of kernel: the same crossovers with fee, spread and stop by vectorbt; prints seconds of warm rounds, orders.

Runs in an environment of its own and imports nothing of ours: the file that it is given holds the bars.
"""

import json
import sys
import time

import numpy as np
import vectorbt as vbt

ROUNDS = 3


def swept(told: dict[str, np.ndarray]) -> tuple[float, int]:
    """Trade every set and measure of it what ours does; return the seconds that it took, and the number of orders."""
    began = time.perf_counter()
    # What the close of a bar says meets the open of the next.
    gap = np.concatenate([[np.nan], told["gap"][:-1]])[:, None]
    prices = {name: told[name][:, None] for name in ("open", "high", "low", "close")}
    book = vbt.Portfolio.from_signals(
        prices["close"],
        gap >= told["entry"][None, :],
        gap < told["exit"][None, :],
        price=prices["open"],
        open=prices["open"],
        high=prices["high"],
        low=prices["low"],
        sl_stop=float(told["stop"]),
        size=0.95,
        size_type="percent",
        fees=0.001,
        slippage=0.0001,
        init_cash=100_000.0,
        freq="1h",
    )
    earned = book.returns()
    measured = (
        book.final_value(),
        book.max_drawdown(),
        book.orders.fees.sum(),
        book.sharpe_ratio(),
        book.downside_risk(),
        *(earned.mean(), earned.std(), earned.skew(), earned.kurtosis()),
    )
    orders = int(book.orders.count().sum())
    assert all(len(one) == len(told["entry"]) for one in measured)
    return time.perf_counter() - began, orders


def main() -> None:
    """Trade once to compile, then some rounds more."""
    with np.load(sys.argv[1]) as file:
        told = dict(file)
    swept(told)
    rounds = [swept(told) for _ in range(ROUNDS)]
    print(json.dumps({"seconds": [seconds for seconds, _ in rounds], "orders": rounds[0][1]}))


if __name__ == "__main__":
    main()
