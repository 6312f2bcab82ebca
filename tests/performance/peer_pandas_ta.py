"""The peer of features: the same indicators by pandas-ta-classic; prints seconds of warm rounds and columns.

Runs in an environment of its own and imports nothing of ours: the file that it is given holds the bars.
"""

import json
import sys
import time

import numpy as np
import pandas as pd
import pandas_ta_classic as ta


def indicators(bars):
    """Return the indicators of one symbol."""
    o, h, l, c, v = (bars[name] for name in ("open", "high", "low", "close", "volume"))  # noqa: E741
    found = [
        *(ta.sma(c, 20), ta.ema(c, 20), ta.wma(c, 20), ta.dema(c, 20), ta.tema(c, 20), ta.kama(c, 30)),
        *(ta.psar(h, l), ta.bbands(c, 20, 2), ta.linreg(c, 14, slope=True), ta.rsi(c, 14), ta.mom(c, 10)),
        *(ta.roc(c, 10), ta.trix(c, 30), ta.cmo(c, 14), ta.cci(h, l, c, 20), ta.willr(h, l, c, 14)),
        *(ta.uo(h, l, c), ta.bop(o, h, l, c), ta.macd(c), ta.stoch(h, l, c, 14, 3, 3), ta.atr(h, l, c, 14)),
        *(ta.natr(h, l, c, 14), ta.true_range(h, l, c), ta.stdev(c, 20), ta.adx(h, l, c, 14), ta.aroon(h, l, 25)),
        *(ta.mfi(h, l, c, v, 14), ta.obv(c, v), ta.ad(h, l, c, v), ta.adosc(h, l, c, v, fast=3, slow=10)),
    ]
    return sum(1 if one.ndim == 1 else one.shape[1] for one in found)


def main():
    """Time the rounds; the first one compiles what is compiled, and one more is enough of so long a work."""
    with np.load(sys.argv[1]) as file:
        told = dict(file)
    names = ("open", "high", "low", "close", "volume")
    whole = pd.DataFrame({name: told[name].astype(float) for name in names})
    each = len(whole) // int(told["symbols"])
    parts = [whole.iloc[place : place + each].reset_index(drop=True) for place in range(0, len(whole), each)]
    indicators(parts[0].head(2_000))
    began = time.perf_counter()
    columns = [indicators(part) for part in parts]
    print(json.dumps({"seconds": [time.perf_counter() - began], "columns": columns[0]}))


if __name__ == "__main__":
    main()
