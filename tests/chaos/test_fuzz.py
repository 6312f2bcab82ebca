"""Whatever comes over the topic or from the venue is read right or refused: no other error, no wrong number."""

import json
import os
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC
from decimal import Decimal
from typing import Any

import pytest
import stamina

from adapters.bus.envelope import seal, unseal
from adapters.bus.signal_message import decode, encode
from adapters.exchange.ccxt_client import WireAnswer, _json
from adapters.exchange.ccxt_markets import instrument_of
from adapters.exchange.ccxt_venue import CcxtVenue
from adapters.exchange.outcome import REFUSALS
from tests.unit.trading.made import NOW, order, signal
from trading.errors import BadData, Misconfigured, Unavailable
from trading.fill import Fill
from trading.order import Leg, OrderState, Side
from trading.ports import Known, Outcome, Unreachable, VenueOrder, Verdict
from trading.quote import Quote

pytestmark = pytest.mark.chaos

SIGNALS = int(os.environ.get("TRADEWIND_TEST_FUZZ_SIGNALS") or 100_000)
PAYLOADS = int(os.environ.get("TRADEWIND_TEST_FUZZ_PAYLOADS") or 20_000)
KEY = "k" * 32
NASTY: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, -(10**400), 0.1, -0.0, 1e308, 5e-324),
    *(
        float("nan"),
        float("inf"),
        -float("inf"),
        "",
        " ",
        "0",
        "-0",
        "+1",
        "1e308",
        "-1e-308",
        "1E999999",
        "NaN",
        "sNaN",
    ),
    *(
        "Infinity",
        "0x10",
        "1_000",
        "1,5",
        "٣",
        "0.1" + "0" * 60,
        "9" * 60,
        "-1",
        "null",
        "BUY",
        "\x00",
        "\ud800",
        "é" * 600,
    ),
    *(
        "2026-03-01T12:00:00",
        "2026-03-01T12:00:00Z",
        "2026-03-01T12:00:00+00:00",
        "9999-12-31T23:59:59-23:59",
        "2026-02-30",
    ),
    *(
        "0001-01-01T00:00:00+23:59",
        "NEW",
        "FILLED",
        "1h",
        "0m",
        "99999999999999d",
        "tw-x-a1",
        [],
        {},
        [[]],
        {"a": {}},
        [None] * 9,
    ),
)


def mutated(value: Any, chance: random.Random, depth: int = 0) -> Any:
    """Return `value` with one part of it made strange, somewhere in its structure."""
    if isinstance(value, dict) and value and chance.random() < 0.85:
        made, name = dict(value), chance.choice([*value])
        draw = chance.random()
        if draw < 0.12:
            del made[name]
        elif draw < 0.2:
            made[chance.choice(["x", "Exposure", "é", "__class__", name + " "])] = chance.choice(NASTY)
        elif draw < 0.27:
            made[name] = value[chance.choice([*value])]
        else:
            made[name] = mutated(value[name], chance, depth + 1)
        return made
    if isinstance(value, list) and value and chance.random() < 0.85:
        place = chance.randrange(len(value))
        rest = chance.choice(([mutated(value[place], chance, depth + 1)], [value[place]] * 2, []))
        return [*value[:place], *rest, *value[place + 1 :]]
    if isinstance(value, str) and value and chance.random() < 0.5:
        place = chance.randrange(len(value))
        return (
            value[:place]
            + chance.choice(["", "0", "9", ".", "-", "e5", "\u0660", "\x00", " ", "+", "Z"])
            + value[place + 1 :]
        )
    if type(value) is int and chance.random() < 0.4:
        return chance.choice((-value, value + 1, str(value), float(value % 10**9), value * 10**20, [value]))
    if chance.random() < 0.03:
        for _ in range(chance.choice((3, 50))):
            value = [value]
        return value
    return chance.choice(NASTY)


def garbled(text: str, chance: random.Random) -> str:
    """Return `text` broken as a text: cut, doubled, with double keys or too deep."""
    place = chance.randrange(len(text))
    return chance.choice(
        (
            lambda: text[:place],
            lambda: text[:place] + text[place:] * 2,
            lambda: text.replace("{", '{"exposure":"1","orderId":5,', 1),
            lambda: text[:place] + chance.choice('\x00{}[]",:\\9é\ud800') + text[place + 1 :],
            lambda: text.replace(":", ": ", 1),
            lambda: text + chance.choice((" ", "\n", "}", "\x00")),
            lambda: text[:-1] + ',"x":' + "[" * 200 + "]" * 200 + "}",
            lambda: "[" * chance.choice((10, 100_000)),
        )
    )()


def dumped(value: Any, chance: random.Random) -> str:
    return json.dumps(value, ensure_ascii=chance.random() < 0.5, separators=(",", ":"), sort_keys=chance.random() < 0.9)


def test_a_message_is_a_signal_that_encodes_to_itself_or_bad_data(seed: int):
    chance, told = random.Random(seed), Counter[str]()
    lineage = replace(signal().lineage, regime="calm")
    quotes = (Quote(Side.BUY, Decimal(99), Decimal("0.2")), Quote(Side.SELL, Decimal(101), Decimal(0)))
    quoting = signal(exposure=None, stop=None, quotes=quotes)
    bases = [
        encode(made) for made in (signal(), signal(stop=None), signal(lineage=lineage, exposure=Decimal(0)), quoting)
    ]
    parsed = [json.loads(body) for body in bases]
    for _ in range(SIGNALS):
        number, draw = chance.randrange(len(bases)), chance.random()
        body = bases[number]
        if draw < 0.7:
            made = parsed[number]
            for _ in range(chance.choice((1, 1, 1, 2, 3))):
                made = mutated(made, chance)
            body = dumped(made, chance)
        elif draw < 0.95:
            body = garbled(body, chance)
        told[_told_of_body(body)] += 1
        if draw > 0.8:
            told[_told_of_message(body, chance)] += 1
    print(f"{SIGNALS} signals: {dict(told)}")
    assert min(told["signal"], told["refused"], told["opened"], told["closed"]) > SIGNALS / 1000


def _told_of_body(body: str) -> str:
    try:
        made = decode(body)
    except BadData:
        return "refused"
    assert encode(made) == body
    assert decode(encode(made)) == made
    told = (number for quote in made.quotes for number in (quote.price, quote.exposure))
    for number in (made.exposure or Decimal(0), made.volatility, made.reference_price, *told):
        assert number.is_finite()
        assert number >= 0
    assert made.ts < made.decided_at <= made.valid_until
    assert made.ts.tzinfo is UTC
    return "signal"


def _told_of_message(body: str, chance: random.Random) -> str:
    """Open a message around `body` that is sound, forged or broken; only the sound one opens, and to this body."""
    value = seal(body, KEY)
    assert unseal(value, KEY) == body
    envelope = json.loads(value)
    strange = dumped(mutated(envelope, chance), chance) if chance.random() < 0.6 else garbled(value.decode(), chance)
    try:
        opened = unseal(strange.encode(errors="surrogatepass"), KEY)
    except BadData:
        return "closed"
    assert opened == body
    return "opened"


# the venue ----------------------------------------------------------------------------------------------------------

ORDER = replace(order(Leg.ENTRY, OrderState.SENDING), sent_at=NOW, recv_window_ms=3000)
ROW: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "orderId": 7,
    "clientOrderId": ORDER.client_id,
    "origClientOrderId": ORDER.client_id,
    "status": "FILLED",
    "executedQty": "5.000",
    "transactTime": 1_772_366_400_000,
    "fills": [
        {"price": "100.00", "qty": "2.000", "commission": "0.002", "commissionAsset": "BTC", "tradeId": 3},
        {"price": "100.01", "qty": "3.000", "commission": "0.003", "commissionAsset": "BTC", "tradeId": 4},
    ],
}
TRADE: dict[str, Any] = {
    "id": 3,
    "orderId": 7,
    "price": "100.00",
    "qty": "2.000",
    "commission": "0.002",
    "commissionAsset": "BTC",
    "time": 1_772_366_400_000,
    "isBuyer": True,
}
ACCOUNT = {
    "balances": [{"asset": "BTC", "free": "1.5", "locked": "0.5"}, {"asset": "USDT", "free": "0", "locked": "0"}]
}
MARKET: dict[str, Any] = {
    "BTC/USDT": {
        "spot": True,
        "base": "BTC",
        "quote": "USDT",
        "precision": {"price": "0.01", "amount": "0.001"},
        "limits": {"amount": {"min": "0.001"}, "cost": {"min": "5"}},
        "maker": "0.001",
        "taker": "0.001",
        "active": True,
    }
}


@dataclass
class Wire:
    """Stands for the raw endpoints: every question has the answer that was put here."""

    answer: WireAnswer = field(default_factory=lambda: WireAnswer(None, None, ""))

    def market_id(self, symbol: str) -> str:
        return symbol.replace("/", "")

    def signed(self, endpoint: str, parameters: Mapping[str, Any]) -> WireAnswer:
        # a page that is full would be followed by the same page again
        return self.answer

    def post_order(self, parameters: Mapping[str, Any]) -> WireAnswer:
        return self.answer

    def price(self, symbol: str) -> dict[str, Any]:
        if self.answer.status == 200 and isinstance(self.answer.body, dict):
            return self.answer.body
        raise Unavailable("no answer")


def amount(number: Decimal) -> None:
    assert type(number) is Decimal
    assert number.is_finite()
    assert abs(number) < Decimal(10) ** 41


def sound(fill: Fill) -> None:
    amount(fill.fee)
    for number in (fill.price, fill.quantity):
        amount(number)
        assert number > 0
    assert int(fill.trade_id) == int(str(int(fill.trade_id)))
    assert fill.ts.tzinfo is not None
    assert isinstance(fill.fee_currency, str)


def accepted(outcome: Outcome, body: Any, echo: str) -> None:
    assert isinstance(outcome, Outcome)
    if outcome.verdict is Verdict.ACCEPTED:
        assert body[echo] == ORDER.client_id
        assert type(body["orderId"]) is int
        assert outcome.venue_order_id == str(body["orderId"])
        assert outcome.state is not None
        assert outcome.state is not OrderState.FILLED or outcome.filled > 0
        amount(outcome.filled)
        assert outcome.filled == Decimal(str(body["executedQty"])) >= 0
    for fill in outcome.fills:
        sound(fill)


def seen(one: VenueOrder) -> None:
    amount(one.filled)
    assert one.filled >= 0
    assert isinstance(one.state, OrderState)
    assert isinstance(one.client_id, str)
    int(one.venue_order_id)


def _order(venue: CcxtVenue, body: Any) -> None:
    answer = venue.order("BTC/USDT", ORDER.client_id)
    if isinstance(answer, Known) and answer.value is not None:
        seen(answer.value)
        assert answer.value.client_id == ORDER.client_id == body["clientOrderId"]


def _all(answer: Known[list[Any]] | Unreachable, body: Any, each: Callable[[Any], None]) -> None:
    if isinstance(answer, Known):
        assert len(answer.value) == len(body)
        for one in answer.value:
            each(one)


def _numbers(answer: Known[Any] | Unreachable) -> None:
    if isinstance(answer, Known):
        for number in answer.value.values() if isinstance(answer.value, dict) else [answer.value]:
            amount(number)


READS: dict[str, tuple[Any, Callable[[CcxtVenue, Any], None]]] = {
    "send": (ROW, lambda venue, body: accepted(venue.send(ORDER), body, "clientOrderId")),
    "cancel": (ROW, lambda venue, body: accepted(venue.cancel(ORDER), body, "origClientOrderId")),
    "order": (ROW, _order),
    "open_orders": ([ROW, ROW], lambda venue, body: _all(venue.open_orders("BTC/USDT"), body, seen)),
    "fills": ([TRADE, TRADE | {"id": 4}], lambda venue, body: _all(venue.fills("BTC/USDT", "2"), body, sound)),
    "balances": (ACCOUNT, lambda venue, body: _numbers(venue.balances())),
    "last_price": (
        {"symbol": "BTCUSDT", "price": "100.00"},
        lambda venue, body: _numbers(venue.last_price("BTC/USDT")),
    ),
}


def test_whatever_the_venue_answers_is_read_right_or_proves_nothing(seed: int):
    chance, told = random.Random(seed), Counter[str]()
    venue, wire = CcxtVenue.__new__(CcxtVenue), Wire()
    venue.venue, venue._wire = "venue", wire  # type: ignore[assignment]
    for number in range(PAYLOADS):
        name = [*READS][number % len(READS)]
        good, look = READS[name]
        body: Any = good if chance.random() < 0.05 else mutated(good, chance)
        if chance.random() < 0.2:
            body = mutated(body, chance)
        text = dumped(body, chance)
        if chance.random() < 0.1:
            text = garbled(text, chance)[:50_000].replace("[" * 300, "[")
        status = chance.choice((200, 200, 200, 200, 200, 200, None, 201, 302, 400, 418, 429, 500, 503))
        if status in (400, 429, 503) and chance.random() < 0.5:
            text = dumped(
                {"code": chance.choice([code for _, code in REFUSALS] + list(NASTY)), "msg": chance.choice(NASTY)},
                chance,
            )
        wire.answer = WireAnswer(status, _json(text), "why")
        try:
            with stamina.set_testing(True):  # one attempt: the answer would be the same
                look(venue, wire.answer.body)
        except Exception as error:
            raise AssertionError(f"{name} of HTTP {status} {text[:500]!r}: {error!r}") from error
        told[name] += 1
    print(f"{PAYLOADS} payloads: {dict(told)}")
    assert min(told.values()) >= PAYLOADS // len(READS)


def test_whatever_a_market_looks_like_it_is_an_instrument_or_named(seed: int):
    chance, told = random.Random(seed), Counter[str]()
    for _ in range(PAYLOADS // 10):
        try:
            made = instrument_of("venue", "BTC/USDT", mutated(MARKET, chance))
        except Misconfigured:
            told["misconfigured"] += 1
        except (BadData, KeyError, TypeError, ValueError, AttributeError):
            told["refused"] += 1
        else:
            for number in (made.tick, made.lot, made.min_quantity, made.min_notional, made.maker_fee, made.taker_fee):
                amount(number)
            told["instrument"] += 1
    assert min(told.values()) > 0
