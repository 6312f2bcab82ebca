"""How you drive it: one file is one verb of `tradewind`."""
