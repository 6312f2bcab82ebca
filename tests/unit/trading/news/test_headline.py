"""What a headline says, whatever its form."""

from trading.news.headline import headline


def test_forms_of_the_same_words_and_amounts() -> None:
    assert headline("Bitcoin\u2019s Miners Sold $1.5M") == headline("bitcoin miners sold 1,500,000")
    assert headline("BTC hits 40K").numbers == headline("Bitcoin hits USD 40,000").numbers == {"40000"}
    assert headline("4M and 4B").numbers == {"4000000", "4000000000"}
    assert headline("Mars 4me").numbers == set()


def test_digests_are_told() -> None:
    assert headline("Bank Sues, Miners Sell + More News").digest
    assert headline("Price analysis 1/12: BTC, ETH").digest
    assert not headline("Bitcoin and more miners").digest


def test_an_empty_headline_is_one() -> None:
    assert headline("").words == headline("?!").words == ""
