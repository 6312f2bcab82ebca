"""Who is asking, and is it still in time: API key, HMAC signature, timestamp and recvWindow."""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.simulator.config import AccountConfig
from services.simulator.refusals import BAD_API_KEY, BAD_RECV_WINDOW, BAD_SIGNATURE, EARLY, LATE, malformed, missing

_SIGNATURE = re.compile(r"(^|&)signature=[^&]*")
_AHEAD_MS = 1000
_DEFAULT_RECV_WINDOW_MS = 5000
_MAX_RECV_WINDOW_MS = 60_000


@dataclass(frozen=True)
class TimeFence:
    """The stretch of venue time in which a request may act: both in ms."""

    timestamp: int
    recv_window: int

    def check(self, now: int) -> None:
        """Refuse with -1021 when `now` (ms) lies outside: a late request must not act, however it was delayed."""
        if self.timestamp > now + _AHEAD_MS:
            raise EARLY
        if now - self.timestamp > self.recv_window:
            raise LATE


def account_of(key: str | None, accounts: Sequence[AccountConfig]) -> AccountConfig:
    """Return the account of an API key; refused when there is none."""
    for account in accounts:
        if key is not None and hmac.compare_digest(account.api_key.encode(), key.encode()):
            return account
    raise BAD_API_KEY


def check_signature(secret: str, query: str, body: str, signature: str | None) -> None:
    """Refuse unless `signature` is the hex HMAC-SHA256 of the query string and the body as they were sent."""
    if not signature:
        raise missing("signature")
    signed = _SIGNATURE.sub("", query) + _SIGNATURE.sub("", body)
    expected = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise BAD_SIGNATURE


def time_fence(params: Mapping[str, str]) -> TimeFence:
    """Return the time fence that the request asks for."""
    if "timestamp" not in params:
        raise missing("timestamp")
    recv_window = _integer(params, "recvWindow", _DEFAULT_RECV_WINDOW_MS)
    if recv_window > _MAX_RECV_WINDOW_MS:
        raise BAD_RECV_WINDOW
    return TimeFence(_integer(params, "timestamp", 0), recv_window)


def _integer(params: Mapping[str, str], name: str, default: int) -> int:
    value = params.get(name, str(default))
    if not re.fullmatch(r"\d{1,18}", value):
        raise malformed(name)
    return int(value)
