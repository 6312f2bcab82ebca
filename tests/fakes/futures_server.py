"""What Binance's USD-margined futures answer to public questions: markets and the history of funding."""

import json
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from tests.fakes.feed_server import FeedServer, Page

_FILTERS = [
    {"filterType": "PRICE_FILTER", "minPrice": "0.10", "maxPrice": "1000000", "tickSize": "0.10"},
    {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "1000", "stepSize": "0.001"},
    {"filterType": "MIN_NOTIONAL", "notional": "5"},
]


def market(base: str, **more: object) -> dict[str, object]:
    """Return one perpetual as exchangeInfo shows it."""
    return {
        "symbol": f"{base}USDT",
        "pair": f"{base}USDT",
        "contractType": "PERPETUAL",
        "deliveryDate": 4133404800000,
        "onboardDate": 1569398400000,
        "status": "TRADING",
        "baseAsset": base,
        "quoteAsset": "USDT",
        "marginAsset": "USDT",
        "pricePrecision": 2,
        "quantityPrecision": 3,
        "filters": _FILTERS,
        "orderTypes": ["LIMIT", "MARKET"],
        "timeInForce": ["GTC"],
        **more,
    }


def serve_funding(server: FeedServer, rates: dict[str, list[tuple[int, str]]]) -> None:
    """Let `server` answer as the futures do; `rates` by market: (milliseconds, rate), changed at will by the test."""

    def answer(handler: BaseHTTPRequestHandler, body: object) -> None:
        content = json.dumps(body).encode()
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def info(handler: BaseHTTPRequestHandler) -> None:
        answer(handler, {"symbols": [market(name.removesuffix("USDT")) for name in rates]})

    def history(handler: BaseHTTPRequestHandler) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(handler.path).query).items()}
        start, end = int(asked.get("startTime", "0")), int(asked.get("endTime", "9" * 15))
        found = [row for row in rates[asked["symbol"]] if start <= row[0] <= end][: int(asked.get("limit", "100"))]
        names = ("fundingTime", "fundingRate")
        answer(handler, [{"symbol": asked["symbol"], **dict(zip(names, row, strict=True))} for row in found])

    server.pages["/fapi/v1/exchangeInfo"] = Page(respond=info)
    server.pages["/fapi/v1/fundingRate"] = Page(respond=history)
