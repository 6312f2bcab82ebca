"""Backtests: the strategies, the decision path and the venue's rules of paper and live, on bars of the past."""
