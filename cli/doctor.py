"""`tradewind doctor`."""
