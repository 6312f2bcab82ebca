"""`tradewind up`."""
