from typing import Any

import pytest

from adapters.exchange.binance_wire import rows, table
from adapters.exchange.ccxt_client import WireAnswer
from trading.errors import Unavailable


@pytest.mark.parametrize(
    ("status", "body"),
    [(None, None), (200, None), (200, "[]"), (200, [1]), (500, []), (500, {}), (429, {"code": -1003}), (201, [])],
)
def test_what_is_no_good_answer_is_no_empty_one(status: int | None, body: Any):
    for read in (rows, table):
        with pytest.raises(Unavailable, match="why"):
            read(WireAnswer(status, body, "why"))


def test_an_empty_answer_is_empty():
    assert rows(WireAnswer(200, [], "")) == []
    assert table(WireAnswer(200, {}, "")) == {}
