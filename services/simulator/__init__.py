"""The exchange simulator: a Binance-shaped venue on loopback, with a clock of its own."""
