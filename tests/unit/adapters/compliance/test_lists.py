"""Lists from files: what is whole is read with its hash, anything else is an error that names the file."""

import hashlib
import os
from pathlib import Path

import pytest

from adapters.compliance.lists import read
from trading.errors import BadData, Misconfigured

ETHER = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
SEGWIT = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
GENESIS = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"
NAMES = 'name,aliases,programme\n# seen in May\nIvan SIDOROV,Vanya; The Miner,X\n"Handels, Co",,Y\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "listed_ETH.txt").write_text(f"# a comment\n{ETHER}\n\n")
    (tmp_path / "listed_XBT.txt").write_text(f"{GENESIS}\n{SEGWIT.upper()}\n")
    (tmp_path / "people.csv").write_text(NAMES)
    (tmp_path / "README").write_text("not a list")
    return tmp_path


def test_addresses_and_names_are_read_with_their_place(folder: Path) -> None:
    lists = read(folder)
    assert [(file.name, file.kind, file.entries) for file in lists.files] == [
        ("listed_ETH.txt", "addresses", 1),
        ("listed_XBT.txt", "addresses", 2),
        ("people.csv", "names", 4),
    ]
    assert lists.files[2].sha256 == hashlib.sha256(NAMES.encode()).hexdigest()
    assert [(one.key, one.coin, one.line) for one in lists.addresses] == [
        (ETHER.lower(), "ETH", 2),
        (GENESIS, "XBT", 1),
        (SEGWIT, "XBT", 2),
    ]
    assert [(one.name, one.entry, one.line) for one in lists.names] == [
        ("Ivan SIDOROV", "Ivan SIDOROV", 3),
        ("Vanya", "Ivan SIDOROV", 3),
        ("The Miner", "Ivan SIDOROV", 3),
        ("Handels, Co", "Handels, Co", 4),
    ]
    before = lists.version
    (folder / "people.csv").write_text(NAMES + "Another,,\n")
    assert read(folder).version != before


BROKEN = [
    ("listed_ETH.txt", b"", "the list is empty"),
    ("listed_ETH.txt", b"# nothing\n", "the list is empty"),
    ("listed_ETH.txt", ETHER.encode(), "torn, its last line does not end"),
    ("listed_ETH.txt", ETHER[:20].encode() + b"\n", "line 1: '0x5aAeb6053F3E94C9b9' is no address"),
    ("listed_ETH.txt", ETHER.encode() + b"\n\x00\x00\n", "zero bytes"),
    ("listed_ETH.txt", b"\xff\xfe\n", "not UTF-8"),
    ("listed_XBT.txt", GENESIS[:-2].encode() + b"\n", "line 1: the checksum of"),
    ("people.csv", b"name,aliases\n", "the list is empty"),
    ("people.csv", b"person,aliases\nIvan,\n", "no column name"),
    ("people.csv", b"name,aliases\nIvan,Vanya\nPetr\n", "line 3: torn"),
    ("people.csv", b"name,aliases\nIvan,a,b,c\n", "line 2: torn"),
    ("people.csv", b'name,aliases\n"Ivan,Vanya\n', "people.csv"),
]


@pytest.mark.parametrize(("name", "content", "why"), BROKEN)
def test_what_is_not_whole_names_its_file(folder: Path, name: str, content: bytes, why: str) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(BadData, match=name) as raised:
        read(folder)
    assert why in str(raised.value)


def test_no_folder_and_no_list_are_errors_too(tmp_path: Path) -> None:
    for folder in (None, tmp_path / "nowhere", tmp_path):
        with pytest.raises(Misconfigured, match="TRADEWIND_SCREENING_LISTS"):
            read(folder)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_list_that_may_not_be_read(folder: Path) -> None:
    (folder / "people.csv").chmod(0)
    with pytest.raises(Misconfigured, match=r"people\.csv"):
        read(folder)


def test_a_folder_in_place_of_a_list(folder: Path) -> None:
    (folder / "dir.txt").mkdir()
    with pytest.raises(Misconfigured, match=r"dir\.txt"):
        read(folder)


def test_sums_say_which_files_must_be_there(folder: Path) -> None:
    names = ("listed_ETH.txt", "listed_XBT.txt", "people.csv")
    sums = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    written = folder / "SHA256SUMS"
    written.write_text("".join(f"{value}  {name}\n" for name, value in sums.items()))
    assert len(read(folder).files) == 3
    (folder / "listed_ETH.txt").write_text(SEGWIT + "\n")
    with pytest.raises(BadData, match=r"listed_ETH.txt is not what SHA256SUMS says"):
        read(folder)
    (folder / "listed_ETH.txt").unlink()
    with pytest.raises(BadData, match=r"listed_ETH.txt is missing"):
        read(folder)
    written.write_text("cut off")
    with pytest.raises(BadData, match="SHA256SUMS line 1"):
        read(folder)


@pytest.mark.data
def test_the_published_lists_are_read_whole() -> None:
    lists = read(Path(os.environ["TRADEWIND_TEST_DATA"]) / "compliance")
    assert {file.name: file.entries for file in lists.files} == {
        "ofac_sanctioned_ETH.txt": 152,
        "ofac_sanctioned_USDT.txt": 26,
        "ofac_sanctioned_XBT.txt": 435,
        "ofac_sanctioned_XRP.txt": 1,
    }
