"""The parts of the kernel: plain functions over whole numbers and floats, compiled by `trading/backtest/kernel.py`."""
