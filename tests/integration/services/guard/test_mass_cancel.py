"""Cancelling all orders of a symbol at the real simulator, through real ccxt."""
