"""The peer of features: the same indicators by TA-Lib's own wrapper; prints seconds of warm rounds and columns.

Runs in an environment of its own and imports nothing of ours: the file that it is given holds the bars.
"""

import json
import sys
import time

import numpy as np
import talib as ta


def indicators(o, h, l, c, v):  # noqa: E741
    """Return the indicators of one symbol."""
    return [
        *(ta.SMA(c, 20), ta.EMA(c, 20), ta.WMA(c, 20), ta.DEMA(c, 20), ta.TEMA(c, 20), ta.KAMA(c, 30)),
        ta.SAR(h, l, 0.02, 0.2),
        *ta.BBANDS(c, 20, 2.0, 2.0, 0),
        *(ta.LINEARREG_SLOPE(c, 14), ta.RSI(c, 14), ta.MOM(c, 10), ta.ROC(c, 10), ta.TRIX(c, 30), ta.CMO(c, 14)),
        *(ta.CCI(h, l, c, 20), ta.WILLR(h, l, c, 14), ta.ULTOSC(h, l, c, 7, 14, 28), ta.BOP(o, h, l, c)),
        *ta.MACD(c, 12, 26, 9),
        *ta.STOCH(h, l, c, 14, 3, 0, 3, 0),
        *(ta.ATR(h, l, c, 14), ta.NATR(h, l, c, 14), ta.TRANGE(h, l, c), ta.STDDEV(c, 20, 1), ta.ADX(h, l, c, 14)),
        *(ta.PLUS_DI(h, l, c, 14), ta.MINUS_DI(h, l, c, 14)),
        *ta.AROON(h, l, 25),
        *(ta.MFI(h, l, c, v, 14), ta.OBV(c, v), ta.AD(h, l, c, v), ta.ADOSC(h, l, c, v, 3, 10)),
    ]


def main():
    """Time the rounds."""
    with np.load(sys.argv[1]) as file:
        told = dict(file)
    names = ("open", "high", "low", "close", "volume")
    parts = [np.split(told[name].astype(float), int(told["symbols"])) for name in names]
    seconds = []
    for _ in range(int(told["rounds"]) + 1):
        began = time.perf_counter()
        found = [indicators(*columns) for columns in zip(*parts, strict=True)]
        seconds.append(time.perf_counter() - began)
    print(json.dumps({"seconds": seconds[1:], "columns": len(found[0])}))


if __name__ == "__main__":
    main()
