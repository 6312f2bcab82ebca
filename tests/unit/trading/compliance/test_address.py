"""Addresses: which spellings are one, and which checksums hold; vectors of EIP-55, BIP-173 and BIP-350."""

import pytest

from trading.compliance.address import parse
from trading.compliance.keccak import keccak_256
from trading.errors import BadData

ETHER = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
SEGWIT = "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4"
TAPROOT = "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"
GENESIS = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"
XRP = "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh"


def test_keccak_is_not_sha3() -> None:
    assert keccak_256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert keccak_256(b"abc").hex() == "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"
    # The padding alone makes a block of its own.
    assert len({keccak_256(b"x" * size) for size in (135, 136, 137)}) == 3


@pytest.mark.parametrize("text", [ETHER, ETHER.lower(), "0X" + ETHER[2:].upper(), f"  {ETHER}\n"])
def test_ether_is_the_same_in_any_case(text: str) -> None:
    assert parse(text).key == ETHER.lower()


def test_the_checksum_of_ether_is_in_its_capitals() -> None:
    assert parse(ETHER).checksum == "right"
    assert parse(ETHER.lower()).checksum == "none"
    assert parse(ETHER.replace("5aA", "5Aa")).checksum == "wrong"


def test_bech32_has_one_case_and_a_checksum() -> None:
    assert parse(SEGWIT) == parse(SEGWIT.lower())
    assert parse(SEGWIT).checksum == parse(TAPROOT).checksum == "right"
    assert parse(SEGWIT[:-1] + "5").checksum == "wrong"
    with pytest.raises(BadData, match="one case"):
        parse("bc1" + SEGWIT[3:])


def test_base58_is_compared_letter_by_letter() -> None:
    assert (parse(GENESIS).checksum, parse(GENESIS).form) == ("right", "base58")
    assert parse(GENESIS.swapcase()).key != parse(GENESIS).key
    assert parse(GENESIS[:-1] + "b").checksum == "wrong"
    assert (parse(XRP).checksum, parse(XRP).form) == ("right", "base58 of XRP")


@pytest.mark.parametrize(
    "text", ["", "0x", ETHER[:-1], ETHER + "0", "0x" + "g" * 40, "short1", "two words 12345678901234"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(BadData):
        parse(text)


def test_an_unknown_form_is_compared_as_it_stands() -> None:
    monero = "4" + "A1b2" * 23 + "Zz"
    assert (parse(monero).form, parse(monero).key) == ("other", monero)
