"""`tradewind show_config`."""
