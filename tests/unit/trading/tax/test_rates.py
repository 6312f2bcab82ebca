"""Rates: the shortest way of known closes, a declared par in place of any market, and what is missing named."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from trading.errors import Misconfigured
from trading.tax.rates import Markets, Quoted, Rates, questions

AT = datetime(2024, 3, 1, 12, 30, tzinfo=UTC)
SYMBOLS = ("BNB/BTC", "BNB/USDT", "BTC/USD", "BTC/USDT", "EUR/USD", "USDT/USD")


def rates(pars: dict[str, str] | None = None, currency: str = "USD", **closes: str) -> Rates:
    known = {(name.replace("_", "/"), AT): Quoted(Decimal(value), "kraken 1h") for name, value in closes.items()}
    return Rates(Markets(currency, SYMBOLS, pars or {}), known)


def test_a_close_against_the_currency_comes_first() -> None:
    found = rates(BTC_USD="60000", BTC_USDT="1", USDT_USD="1").of("BTC", AT)
    assert (found.value, found.words) == (60_000, "BTC/USD at kraken 1h")


def test_two_closes_lead_over_a_third_coin() -> None:
    found = rates(BNB_USDT="600", USDT_USD="0.999").of("BNB", AT)
    assert (found.value, found.words) == (Decimal("599.4"), "BNB/USDT at kraken 1h, USDT/USD at kraken 1h")


def test_a_market_is_read_against_its_direction() -> None:
    found = rates(currency="EUR", EUR_USD="1.25").of("USD", AT)
    assert (found.value, found.words) == (Decimal("0.8"), "1 / EUR/USD at kraken 1h")


def test_a_declared_par_stands_in_place_of_the_market() -> None:
    found = rates({"USDT": "USD"}, USDT_USD="0.5").of("USDT", AT)
    assert (found.value, found.words) == (1, "USDT=USD declared equal")
    found = rates({"USDT": "USD"}, "EUR", BTC_USDT="60000", EUR_USD="1.2").of("BTC", AT)
    assert (found.value, found.words) == (
        50_000,
        "BTC/USDT at kraken 1h, USDT=USD declared equal, 1 / EUR/USD at kraken 1h",
    )


def test_a_third_close_is_asked_for_only_where_two_lead_nowhere() -> None:
    ways = [[str(leg) for leg in way] for way in Markets("EUR", SYMBOLS).ways("BNB")]
    assert ways == [["BNB/BTC", "BTC/USD", "1 / EUR/USD"], ["BNB/USDT", "USDT/USD", "1 / EUR/USD"]]
    assert Markets("EUR", ("A/B", "B/C", "C/D", "D/EUR")).ways("A") == []


def test_a_stablecoin_is_no_dollar_by_itself() -> None:
    with pytest.raises(Misconfigured) as refused:
        Rates(Markets("USD", ("BTC/USDT",)), {}).of("USDT", AT)
    assert str(refused.value) == (
        "what a USDT was worth in USD at 2024-03-01 12:30:00 UTC is not known: no stored market leads from one to the"
        " other (market.candles); load candles of USDT/USD, or declare --par USDT=USD"
    )


def test_what_was_tried_is_named_where_no_close_was_known() -> None:
    with pytest.raises(Misconfigured, match=r"no close of USDT/USD or BTC/USDT or BTC/USD was known then"):
        rates().of("USDT", AT)


def test_only_closes_on_a_way_are_asked_for_each_once() -> None:
    markets = Markets("USD", SYMBOLS, {"USDT": "USD"})
    asked = questions(markets, [("BTC", AT), ("BTC", AT), ("USDT", AT)])
    assert asked == [(symbol, AT) for symbol in ("BNB/BTC", "BNB/USDT", "BTC/USD", "BTC/USDT")]


def test_markets_are_read_along_their_direction_first() -> None:
    ways = Markets("USD", ("BNB/BTC", "BNB/USD", "BTC/USDT", "USDT/USD")).ways("BTC")
    assert [[str(leg) for leg in way] for way in ways] == [["BTC/USDT", "USDT/USD"], ["1 / BNB/BTC", "BNB/USD"]]
