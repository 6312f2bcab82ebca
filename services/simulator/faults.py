"""Seeded faults: what a network or a venue under load does to requests, orders and updates, repeatably."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from services.simulator.wrong_answers import ANSWERS, BREAKS, CHANGES

DELAY, DELAY_ANSWER, QUEUE = "delay", "delay_answer", "queue"
LATE_FILLS, OVERFILL, FILL_FIRST, FILL_AFTER = "late_fills", "overfill", "fill_first", "fill_after"
DROP_UPDATE, REPEAT_UPDATE, SWAP_UPDATES = "drop_update", "repeat_update", "swap_updates"
TOO_MANY = "too_many_429"
#: What is struck; `order` is every new order, `stop` the stops among them, `any` every request, `stream` an update.
On = Literal["order", "stop", "cancel", "query", "open_orders", "account", "trades", "market", "stream", "any"]

_REQUESTS = frozenset({"order", "stop", "cancel", "query", "open_orders", "account", "trades", "market", "any"})
_ORDERS = frozenset({"order", "stop"})
_STRIKES_ON: dict[str, frozenset[str]] = (
    dict.fromkeys([*ANSWERS, *BREAKS, *CHANGES, DELAY, DELAY_ANSWER, QUEUE], _REQUESTS)
    | dict.fromkeys([LATE_FILLS, OVERFILL], _ORDERS)
    | dict.fromkeys([FILL_FIRST, FILL_AFTER], frozenset({"cancel"}))
    | dict.fromkeys([DROP_UPDATE, REPEAT_UPDATE, SWAP_UPDATES], frozenset({"stream"}))
)


def _known(fault: str) -> str:
    if fault not in _STRIKES_ON:
        raise ValueError(f"no fault {fault!r}; known are {', '.join(_STRIKES_ON)}")
    return fault


class FaultRule(BaseModel):
    """One fault: with a probability per request that it concerns, and for the next `next` ones after `skip` surely.

    `milliseconds` and `parts` say how long and in how many parts, where the fault asks for it; `acts` is the
    probability that a request with a wrong answer does its work all the same, if it is not as the fault has it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fault: Annotated[str, AfterValidator(_known)]
    on: On = "order"
    symbol: str | None = None
    probability: float = Field(default=0.0, ge=0.0, le=1.0)
    next: int = Field(default=0, ge=0)
    skip: int = Field(default=0, ge=0)
    milliseconds: int = Field(default=0, ge=0)
    parts: int = Field(default=1, ge=1)
    acts: float | None = Field(default=None, ge=0.0, le=1.0)

    @model_validator(mode="after")
    def _strikes_there(self) -> "FaultRule":
        if self.on not in _STRIKES_ON[self.fault]:
            raise ValueError(f"{self.fault} strikes on {', '.join(sorted(_STRIKES_ON[self.fault]))}, not on {self.on}")
        return self

    def concerns(self, kinds: Sequence[str], symbol: str | None) -> bool:
        """Whether a request of these `kinds` about `symbol` (BTCUSDT, or None) is one that the fault may strike."""
        return self.on in kinds and (self.symbol is None or self.symbol.replace("/", "") == symbol)


class FaultPlan(BaseModel):
    """The faults in force, and for how much venue time queries do not see a new order, or trade lists a new trade."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = 0
    rules: list[FaultRule] = []
    visibility_lag_ms: int = Field(default=0, ge=0)
    trades_lag_ms: int = Field(default=0, ge=0)


@dataclass(frozen=True)
class Strike:
    """A rule that strikes one request; `acts` whether the request does its work, whatever the answer."""

    rule: FaultRule
    acts: bool


class Faults:
    """The plan in force, how far its seeded draws have come, and how often each of its rules has `struck`."""

    def __init__(self) -> None:
        self.plan = FaultPlan()
        self.struck: Counter[int] = Counter()
        self._seen: Counter[int] = Counter()

    def follow(self, plan: FaultPlan) -> None:
        """Begin `plan` from its first draw."""
        self.plan, self.struck, self._seen = plan, Counter(), Counter()

    def draw(self, kinds: Sequence[str], symbol: str | None) -> list[Strike]:
        """Return what strikes the next request of these `kinds` about `symbol`."""
        strikes: list[Strike] = []
        for number, rule in enumerate(self.plan.rules):
            if not rule.concerns(kinds, symbol):
                continue
            self._seen[number] += 1
            seen = self._seen[number]
            if rule.skip < seen <= rule.skip + rule.next or self._chance(f"{number}|{seen}") < rule.probability:
                self.struck[number] += 1
                strikes.append(Strike(rule, self._acts(rule, f"{number}|{seen}|acts")))
        return strikes

    def _acts(self, rule: FaultRule, draw: str) -> bool:
        if rule.acts is not None:
            return self._chance(draw) < rule.acts
        return ANSWERS[rule.fault].acts if rule.fault in ANSWERS else rule.fault not in BREAKS or BREAKS[rule.fault][2]

    def _chance(self, draw: str) -> float:
        """Return a number in [0, 1) that follows from the seed and what is drawn."""
        return int.from_bytes(hashlib.sha256(f"{self.plan.seed}|{draw}".encode()).digest()[:8], "big") / 2**64
