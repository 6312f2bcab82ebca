"""The places after the point that a venue tells of a market: ccxt writes out a zero for each, however many."""

from typing import Any

from trading.money import MOST_DIGITS


def bound(exchange: Any) -> None:
    """Let the ccxt `exchange` refuse more places than any amount has (ValueError): they would fill the memory."""
    told = exchange.parse_precision

    def parsed(precision: Any) -> Any:
        if precision is not None and abs(int(precision)) > MOST_DIGITS:
            raise ValueError(f"{str(precision)[:50]} places after the point")
        return told(precision)

    exchange.parse_precision = parsed
