"""How the venue says no: Binance's codes and messages, for each reason of the domain and each fault of a request."""

from dataclasses import dataclass

from trading.errors import Denied


@dataclass(eq=False)
class Refusal(Exception):
    """An answer that is an error: HTTP status, Binance code and message, and when to try again in seconds."""

    status: int
    code: int
    message: str
    retry_after: int | None = None


_DENIED = {
    "LOT_SIZE": (-1013, "Filter failure: LOT_SIZE"),
    "PRICE_FILTER": (-1013, "Filter failure: PRICE_FILTER"),
    "NOTIONAL": (-1013, "Filter failure: NOTIONAL"),
    "MARKET_CLOSED": (-1013, "Market is closed."),
    "DUPLICATE": (-2010, "Duplicate order sent."),
    "INSUFFICIENT_BALANCE": (-2010, "Account has insufficient balance for requested action."),
    "STOP_WOULD_TRIGGER": (-2010, "Stop price would trigger immediately."),
    "UNKNOWN_ORDER": (-2011, "Unknown order sent."),
}


def refused(denial: Denied) -> Refusal:
    """Return the answer for what the exchange denied."""
    return Refusal(400, *_DENIED[denial.reason])


def missing(name: str) -> Refusal:
    """Return the answer for a mandatory parameter that was not sent."""
    return Refusal(400, -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def malformed(name: str) -> Refusal:
    """Return the answer for a parameter of wrong form."""
    return Refusal(400, -1100, f"Illegal characters found in parameter '{name}'.")


def superfluous(name: str) -> Refusal:
    """Return the answer for a parameter that must not be there."""
    return Refusal(400, -1106, f"Parameter '{name}' sent when not required.")


UNKNOWN_SYMBOL = Refusal(400, -1121, "Invalid symbol.")
UNKNOWN_INTERVAL = Refusal(400, -1120, "Invalid interval.")
UNKNOWN_TIME_IN_FORCE = Refusal(400, -1115, "Invalid timeInForce.")
UNKNOWN_TYPE = Refusal(400, -1116, "Invalid orderType.")
UNKNOWN_SIDE = Refusal(400, -1117, "Invalid side.")
UNKNOWN_LISTEN_KEY = Refusal(400, -1125, "This listenKey does not exist.")
NO_SUCH_ORDER = Refusal(400, -2013, "Order does not exist.")
MAINTENANCE = Refusal(503, -1016, "This service is no longer available.")
CANCEL_REJECTED = Refusal(400, -2011, "Unknown order sent.")
BAD_API_KEY = Refusal(401, -2015, "Invalid API-key, IP, or permissions for action.")
BAD_SIGNATURE = Refusal(400, -1022, "Signature for this request is not valid.")
EARLY = Refusal(400, -1021, "Timestamp for this request was 1000ms ahead of the server's time.")
LATE = Refusal(400, -1021, "Timestamp for this request is outside of the recvWindow.")
BAD_RECV_WINDOW = Refusal(400, -1131, "recvWindow must be less than 60000.")
