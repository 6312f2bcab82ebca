"""`tradewind status`."""
