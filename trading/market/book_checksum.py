"""Checksums over the best levels, from the venue's own text of each number.

Kraken: https://docs.kraken.com/api/docs/guides/spot-ws-book-v2, OKX: https://www.okx.com/docs-v5, "Checksum".
"""

from itertools import chain, zip_longest
from zlib import crc32

from trading.market.depth import Depth
from trading.order_book import ChecksumKind

_KRAKEN_LEVELS = 10
_OKX_LEVELS = 25
_SIGNED = 1 << 31


def checksum(kind: ChecksumKind, depth: Depth) -> int:
    """Return the checksum of `depth` as the venue computes it: unsigned for Kraken, signed for OKX."""
    return _kraken(depth) if kind is ChecksumKind.KRAKEN else _okx(depth)


def _kraken(depth: Depth) -> int:
    """Hash ten asks, then ten bids: price and quantity without point and leading zeros."""
    bids, asks = depth.best_rows(_KRAKEN_LEVELS)
    text = "".join(number.replace(".", "").lstrip("0") for row in (*asks, *bids) for number in (row[0], row[1]))
    return crc32(text.encode())


def _okx(depth: Depth) -> int:
    """Hash twenty-five bids and asks in turn, price and quantity, all joined by colons."""
    bids, asks = depth.best_rows(_OKX_LEVELS)
    rows = chain.from_iterable(zip_longest(bids, asks))
    value = crc32(":".join(f"{row[0]}:{row[1]}" for row in rows if row).encode())
    return value - 2 * _SIGNED if value >= _SIGNED else value
