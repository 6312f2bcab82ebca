"""The venue's rules: how a bar is walked, what trading costs, who is filled; backtest and simulator share them."""
