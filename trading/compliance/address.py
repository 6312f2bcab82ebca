"""An address of a chain: which spellings are the same address, and whether its checksum holds.

The form decides, not the coin: a token's address is written as its chain writes addresses. Sources: EIP-55 (Ethereum),
BIP-173 and BIP-350 (bech32, bech32m), Base58Check as Bitcoin, Tron and XRP use it.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from trading.compliance.keccak import keccak_256
from trading.errors import BadData

_BITCOIN = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_RIPPLE = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_HEX = re.compile(r"0[xX][0-9a-fA-F]{40}")
_SEGWIT = re.compile(r"[a-z]{2,10}1[ac-hj-np-z02-9]{8,90}")
_PLAIN = re.compile(r"[!-~]{20,128}")
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


@dataclass(frozen=True)
class Address:
    """An address as it is compared: two of equal `key` are one. `checksum` is right, wrong or none (it has none)."""

    key: str
    form: str
    checksum: str


def is_address(text: str) -> bool:
    """Return whether `text` has the form of an address: one long word with a digit in it."""
    return bool(_PLAIN.fullmatch(text)) and any(letter.isdigit() for letter in text)


def parse(text: str) -> Address:
    """Return the address that `text` spells, without blanks around it.

    Hexadecimal and bech32 addresses are the same in any case, base58 ones only as they stand. A form that is not known
    here is compared letter by letter.

    Raises:
        BadData: no address has this form, or a bech32 one mixes cases, which its standard forbids.
    """
    text = text.strip()
    if text[:2] in ("0x", "0X"):
        if not _HEX.fullmatch(text):
            raise BadData(f"{text[:64]!r} is no address: after 0x come 40 hexadecimal digits")
        return Address("0x" + text[2:].lower(), "hexadecimal", _hex_checksum(text[2:]))
    if _SEGWIT.fullmatch(text.lower()):
        if text not in (text.lower(), text.upper()):
            raise BadData(f"{text!r} is no address: bech32 is written in one case")
        return Address(text.lower(), "bech32", _bech32_checksum(text.lower()))
    if not is_address(text):
        raise BadData(f"{text[:64]!r} is no address: one word of 20 to 128 letters and digits")
    for name, alphabet in (("base58", _BITCOIN), ("base58 of XRP", _RIPPLE)):
        if len(text) <= 64 and set(text) <= set(alphabet) and _base58_right(text, alphabet):
            return Address(text, name, "right")
    # Who mistypes a letter has no other address: the next test only names the form.
    if text[0] in "13TrLMDX" and len(text) <= 36 and set(text) <= set(_BITCOIN):
        return Address(text, "base58", "wrong")
    return Address(text, "other", "none")


def _hex_checksum(digits: str) -> str:
    if digits in (digits.lower(), digits.upper()):
        return "none"
    marks = keccak_256(digits.lower().encode()).hex()
    right = all(
        letter.isdigit() or letter.isupper() == (int(mark, 16) >= 8)
        for letter, mark in zip(digits, marks, strict=False)
    )
    return "right" if right else "wrong"


def _base58_right(text: str, alphabet: str) -> bool:
    number = 0
    for letter in text:
        number = number * 58 + alphabet.index(letter)
    zeros = len(text) - len(text.lstrip(alphabet[0]))
    content = b"\x00" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")
    body, check = content[:-4], content[-4:]
    return len(body) >= 21 and hashlib.sha256(hashlib.sha256(body).digest()).digest()[:4] == check


def _bech32_checksum(text: str) -> str:
    human, _, data = text.rpartition("1")
    values = [*(ord(letter) >> 5 for letter in human), 0, *(ord(letter) & 31 for letter in human)]
    values += [_BECH32.index(letter) for letter in data]
    return "right" if _polymod(values) in (1, 0x2BC830A3) else "wrong"


def _polymod(values: Sequence[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for place, term in enumerate(_GENERATOR):
            check ^= term if top >> place & 1 else 0
    return check
