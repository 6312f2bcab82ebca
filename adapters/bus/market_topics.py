"""The topics of the market: one per kind of row that the collector tells."""

#: As the tables of schema market are named.
KINDS = ("order_books", "public_trades", "live_candles", "book_events")


def market_topics(prefix: str) -> list[str]:
    """Return the names of all topics of the market; `prefix` is the setting TRADEWIND_MARKET_TOPIC."""
    return [f"{prefix}.{kind}" for kind in KINDS]
