"""Clients of ccxt cost little from the second on, and are what ccxt itself makes."""

from typing import Any

import ccxt
import pytest

from adapters.exchange.ccxt_client import Credentials, connect


def names(client: Any) -> set[str]:
    return set(object.__dir__(client))


@pytest.mark.parametrize("exchange_id", ["binance", "kraken", "bybit"])
def test_a_client_has_all_that_one_of_ccxt_has(exchange_id: str):
    plain = getattr(ccxt, exchange_id)()
    for client in [connect(exchange_id, Credentials()) for _ in range(3)]:
        assert names(client) == names(plain)
        assert (client.id, type(client).__name__) == (plain.id, type(plain).__name__)
        assert client.fetchOrder == client.fetch_order
        assert client.apiKey == ""
        assert client.rateLimit == plain.rateLimit


def test_clients_share_nothing_that_one_of_them_may_change():
    one, other = (
        connect("binance", Credentials("a", "b")),
        connect("binance", Credentials("c", "d"), "http://127.0.0.1"),
    )
    assert (one.apiKey, other.apiKey) == ("a", "c")
    assert one.session is not other.session
    one.options["recvWindow"] = 1
    one.urls["api"]["public"] = "http://elsewhere"
    assert "recvWindow" not in other.options or other.options["recvWindow"] != 1
    assert other.urls["api"]["public"].startswith("http://127.0.0.1")


def test_only_the_first_client_gives_the_class_its_names():
    connect("binance", Credentials())
    second = connect("binance", Credentials())
    assert 0 < len(dir(second)) < len(names(second)) / 2
