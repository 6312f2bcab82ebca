"""Screening: same addresses and names alike are hits, and nothing is clean that could not be compared."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.compliance.likeness import alike
from trading.compliance.screening import (
    ListedAddress,
    ListedName,
    ListFile,
    Lists,
    Verdict,
    doubtful,
    plain_name,
    screen,
)
from trading.errors import BadData, Misconfigured

ETHER = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
FILE = ListFile("listed_ETH.txt", "addresses", "a" * 64, 1)
NAMES = (
    ListedName("Ivan Petrovich SIDOROV", "Ivan Petrovich SIDOROV", "names.csv", 2),
    ListedName("Vanya the Miner", "Ivan Petrovich SIDOROV", "names.csv", 2),
    ListedName("Möbius Handels GmbH", "Möbius Handels GmbH", "names.csv", 3),
)
LISTS = Lists((FILE,), (ListedAddress(ETHER.lower(), "ETH", FILE.name, 1),), NAMES)


def verdict(subject: str, lists: Lists = LISTS) -> Verdict:
    return screen(subject, lists, Decimal(85), alike)


def test_an_address_is_found_in_any_spelling_and_on_every_list() -> None:
    for spelling in (ETHER, ETHER.lower(), f" {ETHER} "):
        (hit,) = verdict(spelling).hits
        assert (hit.source, hit.line, hit.score) == (FILE.name, 1, 100)
    assert verdict(ETHER[:-1] + "e").hits == ()


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("Sidorov, Ivan Petrovich", NAMES[0].entry),
        ("IVAN PETROVICH SIDOROW", NAMES[0].entry),
        ("vanya the miner", NAMES[0].entry),
        ("Mobius Handels GmbH", NAMES[2].entry),
    ],
)
def test_names_are_found_in_another_order_case_and_spelling(name: str, entry: str) -> None:
    assert {hit.entry for hit in verdict(name).hits} == {entry}


@pytest.mark.parametrize("name", ["Binance", "Ivan Ivanov", "Anna Petrovich Sidorova-Meier", "random-5"])
def test_other_names_are_not(name: str) -> None:
    assert verdict(name).hits == ()


def test_what_cannot_be_compared_is_not_clean() -> None:
    with pytest.raises(Misconfigured, match="no list holds any name"):
        verdict("Anybody", Lists((FILE,), LISTS.addresses, ()))
    with pytest.raises(Misconfigured, match="no list holds any address"):
        verdict(ETHER, Lists((FILE,), (), NAMES))
    with pytest.raises(Misconfigured, match="nothing to screen"):
        verdict("  ")
    with pytest.raises(Misconfigured, match="no letter or digit"):
        verdict("!?")
    for torn in (ETHER[:12], "bc1qw508"):
        with pytest.raises(BadData, match="no address"):
            verdict(torn)


def test_a_mistyped_address_is_told() -> None:
    assert doubtful(verdict(ETHER)) == []
    assert "wrong" in doubtful(verdict(ETHER.replace("5aA", "5Aa")))[0]


def test_the_version_follows_the_files() -> None:
    other = Lists((ListFile(FILE.name, FILE.kind, "b" * 64, 1),), LISTS.addresses, NAMES)
    assert other.version != LISTS.version


@settings(max_examples=60, derandomize=True)
@given(st.lists(st.text(alphabet="abcdefgé ", min_size=1, max_size=8).filter(str.strip), min_size=1, max_size=4))
def test_a_plain_name_is_plain_and_has_no_order(words: list[str]) -> None:
    name = plain_name(" ".join(words))
    assert plain_name(name) == name == plain_name(" ".join(reversed(words)).upper())
