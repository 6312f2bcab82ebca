import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.bus.signal_message import decode, encode
from tests.unit.trading.made import NOW, signal
from trading.audit import canonical
from trading.errors import BadData
from trading.order import Side
from trading.quote import MOST_QUOTES, Quote
from trading.signal import Lineage, Signal

GOOD = json.loads(encode(signal()))
WORDS = st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=30)
OPTIONAL = st.none() | WORDS
#: Whether there are bids, asks, an exposure, a stop: what may stand beside each other.
FORMS = [(False, False, True, True), (False, True, True, False), (True, True, False, False), (True, False, False, True)]


@st.composite
def signals(draw: st.DrawFn) -> Signal:
    ts = NOW + timedelta(microseconds=draw(st.integers(-(10**15), 10**15)))
    decided = ts + timedelta(microseconds=draw(st.integers(1, 10**9)))
    share = st.decimals(0, 1, places=4)
    bids, asks, wanted, stop = draw(st.sampled_from(FORMS))
    price = st.decimals("0.00000001", 10**12, places=8)
    sides = [side for side, is_there in ((Side.BUY, bids), (Side.SELL, asks)) if is_there]
    quotes = st.lists(st.builds(Quote, st.sampled_from(sides or [Side.BUY]), price, share), max_size=MOST_QUOTES)
    return Signal(
        *(draw(WORDS) for _ in range(5)),
        draw(st.sampled_from(["1m", "1h", "1d"])),
        ts,
        decided,
        decided + timedelta(microseconds=draw(st.integers(0, 10**9))),
        draw(share) if wanted else None,
        draw(st.none() | share) if stop else None,
        draw(st.decimals(0, 10, places=10)),
        draw(price),
        draw(WORDS),
        Lineage(*(draw(WORDS) for _ in range(5)), draw(st.integers(0, 2**31 - 1)), draw(OPTIONAL), draw(OPTIONAL)),
        tuple(draw(quotes)) if sides else (),
    )


@given(signals())
def test_round_trip(made: Signal):
    body = encode(made)
    assert decode(body) == made
    # stored as JSONB its keys and spaces are the database's; its canonical text is the same again
    assert canonical(json.loads(body)) == body


def test_equal_signals_give_equal_bytes():
    zone = timezone(timedelta(hours=5, minutes=30))
    same = signal(exposure=Decimal("0.50"), reference_price=Decimal("1E+2"), ts=signal().ts.astimezone(zone))
    assert encode(same) == encode(signal())


def test_a_signal_without_quotes_does_not_speak_of_them():
    assert "quotes" not in json.loads(encode(signal()))
    quoted = json.loads(encode(signal(stop=None, quotes=(Quote(Side.SELL, Decimal(105), Decimal("0.5")),))))
    assert quoted["quotes"] == [["SELL", "105", "0.5"]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"quotes": [["BUY", "99", "0.5"]]}, "bids beside an exposure"),
        ({"quotes": [["SELL", "101", "0.5"]]}, "asks beside a stop"),
        ({"exposure": None, "stop": None, "quotes": [["BUY", "99", "0.5"]] * (MOST_QUOTES + 1)}, "at most 40"),
        ({"quotes": [["HOLD", "99", "0.5"]]}, "something else than side, price and exposure"),
        ({"quotes": [["BUY", "99"]]}, "something else than side, price and exposure"),
        ({"quotes": ["BUY"]}, "something else than side, price and exposure"),
        ({"quotes": [[["BUY"], "99", "0.5"]]}, "something else than side, price and exposure"),
        ({"quotes": [["BUY", "0", "0.5"]]}, "price is zero"),
        ({"quotes": [["BUY", 99, "0.5"]]}, "quotes.price is not plain decimal text"),
        ({"quotes": [["BUY", "99", "1.5"]]}, r"quotes.exposure is 1.5, outside 0..1"),
        ({"quotes": {"BUY": "99"}}, "no list"),
        ({"quotes": None}, "no list"),
        # Said and empty is not how an equal signal is written.
        ({"quotes": []}, "canonical"),
    ],
)
def test_a_wrong_quote_is_bad_data(changes: dict[str, Any], message: str):
    with pytest.raises(BadData, match=message):
        decode(json.dumps({**GOOD, **changes}, sort_keys=True, separators=(",", ":")))


WRONG: list[tuple[str, Any]] = [
    ("exposure", "1.0001"),
    ("exposure", "-0.1"),
    ("exposure", 0.5),
    ("exposure", "NaN"),
    ("exposure", "1E-999999999"),
    ("exposure", "0.5\n"),
    ("exposure", "\u0660"),
    ("exposure", ["0.5"]),
    ("stop", "2"),
    ("stop", 0),
    ("volatility", "Infinity"),
    ("volatility", "11"),
    ("reference_price", "0"),
    ("reference_price", "1" + "0" * 13),
    ("reference_price", "1" * 65),
    ("signal_id", 7),
    ("signal_id", "x" * 501),
    ("reason", "a\x00b"),
    ("reason", "\ud800"),
    ("strategy", "two\nlines"),
    ("timeframe", "1x"),
    ("timeframe", ""),
    ("ts", "yesterday"),
    ("ts", "2026-03-01T11:00:00"),
    ("ts", 20260301),
    ("ts", "0001-01-01T00:00:00+14:00"),
    ("ts", "2026-03-01T12:00:00+00:00"),
    ("decided_at", "2027-03-01T12:00:00+00:00"),
    ("valid_until", "2026-03-01T11:59:59+00:00"),
    ("valid_until", "2026-03-01T15:00:00+02:00"),
    ("lineage", None),
    ("lineage", []),
    ("lineage", {}),
    ("lineage", {**GOOD["lineage"], "more": 1}),
    ("lineage", {**GOOD["lineage"], "config_version": 1.5}),
    ("lineage", {**GOOD["lineage"], "config_version": True}),
    ("lineage", {**GOOD["lineage"], "config_version": -1}),
    ("lineage", {**GOOD["lineage"], "config_version": 2**31}),
    ("lineage", {**GOOD["lineage"], "model_id": None}),
    ("lineage", {**GOOD["lineage"], "regime": 3}),
    ("lineage", {**GOOD["lineage"], "run_id": {"a": 1}}),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_field_is_bad_data(name: str, value: object):
    with pytest.raises(BadData):
        decode(json.dumps({**GOOD, name: value}, sort_keys=True, separators=(",", ":")))


@pytest.mark.parametrize("name", sorted(GOOD))
def test_a_missing_field_is_named(name: str):
    with pytest.raises(BadData, match=name):
        decode(json.dumps({key: value for key, value in GOOD.items() if key != name}))


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "[" * 100_000,
        '"text"',
        encode(signal()) + " ",
        encode(signal()).replace('"0.5"', '"0.50"'),
        encode(signal()).replace('"book":"book"', '"book":"other","book":"book"'),
        encode(signal()).replace('"config_version":1', '"config_version":NaN'),
        encode(replace(signal(), reason="ü")).replace("ü", "\\u00fc"),
        json.dumps({**GOOD, "extra": 1}),
    ],
)
def test_what_is_not_the_canonical_text_of_a_signal_is_bad_data(body: str):
    with pytest.raises(BadData):
        decode(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.text() | JSON.map(json.dumps))
def test_noise_is_bad_data_and_nothing_else(body: str):
    with pytest.raises(BadData):
        decode(body)


@given(st.data())
def test_a_mutated_signal_is_bad_data_or_a_signal_that_encodes_to_itself(data: st.DataObject):
    name = data.draw(st.sampled_from(sorted(GOOD)))
    other = JSON | st.decimals().map(str) | st.datetimes().map(datetime.isoformat) | st.text()
    body = json.dumps({**GOOD, name: data.draw(other)}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    try:
        made = decode(body)
    except BadData:
        return
    assert encode(made) == body
