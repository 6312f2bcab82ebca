"""Seeded faults of order requests: what a network or a venue under load does to them, on purpose and repeatably."""

import hashlib
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

_HTML = "<html><body>Service Unavailable</body></html>"
#: Faults that answer something false: (HTTP status, body) after the order was accepted.
LIES_AFTER: dict[str, tuple[int, str]] = {
    "empty_200": (200, ""),
    "html_200": (200, "<html><body>OK</body></html>"),
    "null_200": (200, "null"),
    "list_200": (200, "[]"),
    "truncated_200": (200, '{"symbol":"BTCUSDT","orderId":'),
    "unexpected_200": (200, '{"unexpected":1}'),
    "unknown_503": (503, '{"code":-1000,"msg":"Unknown error, please check your request or try again later."}'),
    "unexpected_500": (500, '{"code":-1006,"msg":"An unexpected response was received. Execution status unknown."}'),
    "timeout_504": (504, '{"code":-1007,"msg":"Timeout waiting for response from backend server."}'),
    "gateway_502": (502, _HTML),
    "conflict_409": (409, '{"code":-2021,"msg":"Order cancel-replace partially failed."}'),
}
#: Faults that turn the request away before it is accepted.
TURNED_AWAY: dict[str, tuple[int, str]] = {
    "unavailable_503": (503, _HTML),
    "rejected_503": (503, '{"code":-1000,"msg":"Service Unavailable."}'),
    "overloaded_503": (503, '{"code":-1008,"msg":"Server is currently overloaded with other requests."}'),
    "too_many_429": (429, '{"code":-1003,"msg":"Too many requests."}'),
    "banned_418": (418, '{"code":-1003,"msg":"Way too much request weight used; IP banned."}'),
    "redirect_302": (302, ""),
    "proxy_400": (400, _HTML),
    "firewall_403": (403, _HTML),
    "revoked_401": (401, '{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}'),
}
LOSE_ANSWER = "lose_answer"
SHORT_ANSWER = "short_answer"
CLOSE_BEFORE = "close_before"
DELAY = "delay"

Fault = Literal[
    "lose_answer",
    "short_answer",
    "close_before",
    "delay",
    "empty_200",
    "html_200",
    "null_200",
    "list_200",
    "truncated_200",
    "unexpected_200",
    "unknown_503",
    "unexpected_500",
    "timeout_504",
    "gateway_502",
    "conflict_409",
    "unavailable_503",
    "rejected_503",
    "overloaded_503",
    "too_many_429",
    "banned_418",
    "redirect_302",
    "proxy_400",
    "firewall_403",
    "revoked_401",
]


class FaultRule(BaseModel):
    """One fault: with a probability per order request, and for the next `next` ones surely; a delay in ms."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fault: Fault
    probability: float = Field(default=0.0, ge=0.0, le=1.0)
    next: int = Field(default=0, ge=0)
    milliseconds: int = Field(default=0, ge=0)


class FaultPlan(BaseModel):
    """Faults of POST order requests, and for how much venue time order queries do not see a new order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = 0
    rules: list[FaultRule] = []
    visibility_lag_ms: int = Field(default=0, ge=0)


class Faults:
    """The plan in force and how far its seeded draws have come."""

    def __init__(self) -> None:
        self.plan = FaultPlan()
        self._requests = 0

    def follow(self, plan: FaultPlan) -> None:
        """Begin `plan` from its first draw."""
        self.plan, self._requests = plan, 0

    def draw(self) -> list[FaultRule]:
        """Return the rules that strike the next order request."""
        self._requests += 1
        return [rule for number, rule in enumerate(self.plan.rules) if self._strikes(number, rule)]

    def _strikes(self, number: int, rule: FaultRule) -> bool:
        if self._requests <= rule.next:
            return True
        text = f"{self.plan.seed}|{number}|{self._requests}"
        chance = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64
        return chance < rule.probability
