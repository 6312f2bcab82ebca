"""Exchanges: reading markets and sending orders through ccxt, and the simulator's control port and court record."""
