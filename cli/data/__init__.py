"""`tradewind data`: what market data files hold, what is missing in them, and taking them over."""
