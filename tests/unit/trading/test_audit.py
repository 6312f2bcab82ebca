from dataclasses import dataclass
from datetime import timedelta, timezone
from decimal import Decimal
from enum import Enum

import pytest

from tests.unit.trading.made import NOW, order
from trading.audit import canonical, digest
from trading.order import Leg, OrderState


@dataclass(frozen=True)
class Pair:
    left: object
    right: object


class Colour(Enum):
    RED = "red"


def test_canonical_text_has_sorted_keys_plain_amounts_and_utc():
    zone = timezone(timedelta(hours=2))
    value = {"b": Decimal("1E+2"), "a": [NOW.astimezone(zone), Colour.RED, None, True, 3, 0.1], 1: Pair((), "ü")}
    assert canonical(value) == (
        '{"1":{"left":[],"right":"ü"},"a":["2026-03-01T12:00:00+00:00","red",null,true,3,"0.1"],"b":"100"}'
    )


def test_equal_content_has_an_equal_hash_whatever_its_order_or_scale():
    assert digest({"a": Decimal("1.0"), "b": 2}) == digest({"b": 2, "a": Decimal(1)})
    assert digest({"a": Decimal("1.0")}) != digest({"a": Decimal("1.1")})
    assert digest(order(Leg.STOP, OrderState.ACKED, "5", "90")) == digest(
        order(Leg.STOP, OrderState.ACKED, "5.0", "90.0")
    )


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        Decimal("NaN"),
        Decimal("Infinity"),
        NOW.replace(tzinfo=None),
        object(),
        b"bytes",
        {1, 2},
        Pair,
    ],
)
def test_what_has_no_canonical_text_is_refused(value: object):
    with pytest.raises(TypeError, match="no canonical text"):
        canonical([value])
