"""What a venue can do for us: data, paper trading, live trading, each with what it needs and what is missing."""

from collections.abc import Mapping
from dataclasses import dataclass

from adapters.exchange.streams.reader import READERS
from trading.errors import Misconfigured

#: Reading methods of ccxt by the word for what they read.
_READS = {
    "candles": "fetchOHLCV",
    "trades": "fetchTrades",
    "books": "fetchOrderBook",
    "funding": "fetchFundingRateHistory",
}
_STREAMS = {"candles": "watchOHLCV", "trades": "watchTrades", "books": "watchOrderBook"}


@dataclass(frozen=True)
class Safety:
    """The parameters by which an order can be fenced in time, named by us, and asked for by that name."""

    time_fence: str
    client_id: str
    query_by_client_id: str


_BINANCE = Safety("timestamp + recvWindow", "newClientOrderId", "origClientOrderId")
#: Read in the venues' own documents: ccxt does not tell. A venue that is not here has none of them as far as we know.
SAFETY: Mapping[str, Safety] = {
    "binance": _BINANCE,
    "binancecoinm": _BINANCE,
    "binanceus": _BINANCE,
    "binanceusdm": _BINANCE,
    "bybit": Safety("timestamp + recv_window", "orderLinkId", "orderLinkId"),
    "kraken": Safety("deadline", "cl_ord_id", ""),
    "mexc": _BINANCE,
    "okx": Safety("expTime", "clOrdId", "clOrdId"),
}
_NONE = Safety("", "", "")
#: Where our adapter sends orders (adapters/exchange/ccxt_venue.py speaks Binance's spot interface).
_SENDS = frozenset({"binance", "binanceus"})


@dataclass(frozen=True)
class Capabilities:
    """One row per venue; `missing` says in words what stands between it and live trading."""

    exchange: str
    data: bool
    paper: bool
    live: bool
    time_fence: str
    client_id: str
    query_by_client_id: str
    reads: tuple[str, ...]
    streams: tuple[str, ...]
    exact_books: bool
    missing: tuple[str, ...]


def capabilities(exchange_id: str) -> Capabilities:
    """Return what `exchange_id`, any that ccxt knows, can do; nothing is asked of the exchange itself.

    Data needs candles; paper candles and books, for its orders are filled by our matching; live also a time fence,
    client ids, query by client id, and an adapter that sends.

    Raises:
        Misconfigured: ccxt knows no such exchange.
    """
    import ccxt
    import ccxt.pro

    if exchange_id not in ccxt.exchanges:
        raise Misconfigured(f"exchange {exchange_id!r} is not one that ccxt knows (option --exchange)")
    has = getattr(ccxt, exchange_id)().has
    reads = _words(has, _READS)
    streams = _words(getattr(ccxt.pro, exchange_id)().has, _STREAMS) if exchange_id in ccxt.pro.exchanges else ()
    paper = {"candles", "books"} <= set(reads)
    safety = SAFETY.get(exchange_id, _NONE)
    missing = _missing(exchange_id, safety, paper=paper)
    return Capabilities(
        exchange=exchange_id,
        data="candles" in reads,
        paper=paper,
        live=not missing,
        **vars(safety),
        reads=reads,
        streams=streams,
        exact_books=exchange_id in READERS,
        missing=missing,
    )


def _words(has: Mapping[str, object], methods: Mapping[str, str]) -> tuple[str, ...]:
    # "emulated" is made of something else by ccxt, which is not what the venue says.
    return tuple(word for word, method in methods.items() if has.get(method) is True)


def _missing(exchange_id: str, safety: Safety, *, paper: bool) -> tuple[str, ...]:
    needs = {
        "candles and books": paper,
        "a time fence": bool(safety.time_fence),
        "client ids": bool(safety.client_id),
        "query by client id": bool(safety.query_by_client_id),
        "an adapter that sends orders": exchange_id in _SENDS,
    }
    return tuple(need for need, there in needs.items() if not there)
