from decimal import Decimal

import pytest

from adapters.exchange import quotes as module
from adapters.exchange.quotes import Quotes
from trading.ports import Known, Unreachable


def test_a_price_is_known_while_it_is_fresh_and_never_after(monkeypatch: pytest.MonkeyPatch):
    seconds = [5.0]
    monkeypatch.setattr(module, "monotonic", lambda: seconds[0])
    answers: list[Known[dict[str, Decimal]] | Unreachable] = [Known({"BTC/USDT": Decimal(7)}), Unreachable("down")]
    quotes = Quotes(lambda: answers.pop(0), most_seconds=2.0)
    assert quotes.last("BTC/USDT") == Unreachable("no price of BTC/USDT within 2 s: not asked yet")
    quotes.look()
    assert quotes.last("BTC/USDT") == Known(Decimal(7))
    assert isinstance(quotes.last("ETH/USDT"), Unreachable)
    seconds[0] += 1.9
    quotes.look()
    assert quotes.last("BTC/USDT") == Known(Decimal(7))
    seconds[0] += 0.2
    assert quotes.last("BTC/USDT") == Unreachable("no price of BTC/USDT within 2 s: down")
