"""Which currencies a headline is about."""

import pytest

from trading.news.dictionary import ENTITIES
from trading.news.entities import Links

LINKS = Links()


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Bitcoin and Ether fall", "BTC ETH"),
        ("Bitcoin Cash forks again", "BCH"),
        ("BITCOIN CASH, not bitcoin", "BCH BTC"),
        ("Ethereum Classic (ETC) hash rate", "ETC"),
        ("Banks, funds, ETC ask the SEC", ""),
        ("Click the LINK below, ONE by ONE", ""),
        ("Chainlink staking", "LINK"),
        ("LINK price jumps", "LINK"),
        ("LINK/USDT and NEARUSDT listed", "LINK NEAR"),
        ("$link to the moon", "LINK"),
        ("BUY BTC ONE NOW", ""),
        ("$BTC AND ETHUSDT IN CAPITALS", "BTC ETH"),
        ("Compound interest explained", ""),
        ("Compound protocol pays out", "COMP"),
        ("COMP falls as Compound errs", "COMP"),
        ("Ripple's token", "XRP"),
        ("A ripple in the market", ""),
        ("XRP rises, Ripple says", "XRP"),
        ("Near the top", ""),
        ("NEAR Protocol raises", "NEAR"),
        ("Polygon network upgrade", "MATIC"),
        ("XBT futures", "BTC"),
        ("bitcoiners and bitcoin.org", "BTC"),
        ("Costs $100 and $5M", ""),
        ("", ""),
    ],
)
def test_what_a_headline_is_about(text: str, codes: str) -> None:
    assert LINKS.of(text) == tuple(codes.split())


def test_tags_are_tickers_and_others_are_nothing() -> None:
    assert LINKS.of("Nothing", ["btc", "XBT", "NOPE", ""]) == ("BTC",)


def test_the_dictionary_contradicts_itself_nowhere() -> None:
    tickers = [ticker for one in ENTITIES for ticker in one.tickers]
    assert len(tickers) == len(set(tickers))
    names = [name.casefold() for one in ENTITIES for name in (*one.names, *one.words)]
    assert sorted({name for name in names if names.count(name) > 1}) == []
