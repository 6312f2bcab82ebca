"""What a client may get instead of the right answer: bodies and statuses, broken connections, changed rows."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

HTML = "<html><body>Service Unavailable</body></html>"


@dataclass(frozen=True)
class WrongAnswer:
    """HTTP `status` and `body`; `acts` says whether the request did its work all the same."""

    status: int
    body: str
    acts: bool = False


def _error(status: int, code: int, message: str, *, acts: bool = False) -> WrongAnswer:
    return WrongAnswer(status, f'{{"code":{code},"msg":"{message}"}}', acts)


#: Instead of the right answer: something false, or a refusal that nobody meant.
ANSWERS: dict[str, WrongAnswer] = {
    "empty_200": WrongAnswer(200, "", acts=True),
    "html_200": WrongAnswer(200, "<html><body>OK</body></html>", acts=True),
    "null_200": WrongAnswer(200, "null", acts=True),
    "list_200": WrongAnswer(200, "[]", acts=True),
    "object_200": WrongAnswer(200, "{}", acts=True),
    "truncated_200": WrongAnswer(200, '{"symbol":"BTCUSDT","orderId":', acts=True),
    "unexpected_200": WrongAnswer(200, '{"unexpected":1}', acts=True),
    "unknown_503": _error(503, -1000, "Unknown error, please check your request or try again later.", acts=True),
    "unexpected_500": _error(500, -1006, "An unexpected response was received. Execution status unknown.", acts=True),
    "timeout_504": _error(504, -1007, "Timeout waiting for response from backend server.", acts=True),
    "gateway_502": WrongAnswer(502, HTML, acts=True),
    "conflict_409": _error(409, -2021, "Order cancel-replace partially failed.", acts=True),
    "unavailable_503": WrongAnswer(503, HTML),
    "rejected_503": _error(503, -1000, "Service Unavailable."),
    "overloaded_503": _error(503, -1008, "Server is currently overloaded with other requests."),
    "too_many_429": _error(429, -1003, "Too many requests."),
    "banned_418": _error(418, -1003, "Way too much request weight used; IP banned."),
    "order_count_1015": _error(429, -1015, "Too many new orders."),
    "redirect_302": WrongAnswer(302, ""),
    "proxy_400": WrongAnswer(400, HTML),
    "firewall_403": WrongAnswer(403, HTML),
    "revoked_401": _error(401, -2015, "Invalid API-key, IP, or permissions for action."),
    "late_1021": _error(400, -1021, "Timestamp for this request is outside of the recvWindow."),
    "percent_price_1013": _error(400, -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
    "notional_1013": _error(400, -1013, "Filter failure: NOTIONAL"),
    "closed_1013": _error(400, -1013, "Market is closed."),
    "would_trigger_2010": _error(400, -2010, "Stop price would trigger immediately."),
    "unknown_2011": _error(400, -2011, "Unknown order sent."),
    "missing_2013": _error(400, -2013, "Order does not exist."),
}
_SHORT = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"symbol":'
#: The connection breaks instead: (after how much of an answer, with RST instead of FIN, does the request act).
BREAKS: dict[str, tuple[bytes, bool, bool]] = {
    "lose_answer": (b"", False, True),
    "reset_answer": (b"", True, True),
    "short_answer": (_SHORT, False, True),
    "close_before": (b"", False, False),
    "reset_before": (b"", True, False),
    "garbage_before": (b"\x15\x03\x03\x00\x02\x02\x28", False, False),
}


def _other_client_id(body: Any) -> Any:
    return {name: "somebody-else" if name.lower().endswith("clientorderid") else body[name] for name in body}


def _foreign_order(body: Any) -> Any:
    return _other_client_id(body) | {"orderId": body.get("orderId", 0) + 1_000_000}


def _changed_last(rows: Any) -> Any:
    """Return `rows` with the last one's quantity, value and fee doubled: its id promises other numbers."""
    doubled = {name: str(2 * Decimal(rows[-1][name])) for name in ("qty", "quoteQty", "commission") if name in rows[-1]}
    return [*rows[:-1], rows[-1] | doubled]


#: The right answer with something changed: of an order's object, or of a list of rows.
CHANGES: dict[str, tuple[type, Callable[[Any], Any]]] = {
    "other_client_id": (dict, _other_client_id),
    "foreign_order": (dict, _foreign_order),
    "repeated_rows": (list, lambda rows: [row for row in rows for _ in range(2)]),
    "reversed_rows": (list, lambda rows: rows[::-1]),
    "missing_row": (list, lambda rows: rows[:-1]),
    "changed_trade": (list, _changed_last),
}


def changed(fault: str, body: Any) -> Any:
    """Return `body` as `fault` changes it; bodies of another kind and empty ones stay what they are."""
    kind, change = CHANGES[fault]
    return change(body) if body and isinstance(body, kind) else body
