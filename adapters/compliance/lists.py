"""Lists to screen against, from a folder: addresses one a line (.txt), names with aliases (.csv), sums to check them.

What cannot be read whole is an error that names the file: a list that is not there finds nobody.
"""

import csv
import hashlib
import io
from pathlib import Path

from trading.compliance.address import parse
from trading.compliance.screening import ListedAddress, ListedName, ListFile, Lists, plain_name
from trading.errors import BadData, Misconfigured

#: A file of this name holds lines `sha256  name`, as sha256sum writes them; then exactly these files must be there.
SUMS = "SHA256SUMS"
_NAME, _ALIASES = "name", "aliases"


def read(folder: Path | None) -> Lists:
    """Return all lists of `folder`.

    A .txt file has one address a line and the coin at the end of its name (`ofac_sanctioned_ETH.txt`); a .csv file the
    columns name and, if it likes, aliases (separated by semicolons) and others, which are not read. Lines that begin
    with # are comments.

    Raises:
        Misconfigured: there is no folder, or no list in it.
        BadData: a list is empty, torn, unreadable, or not what SHA256SUMS says; the message names file and line.
    """
    if folder is None:
        raise Misconfigured("no lists to screen against: set TRADEWIND_SCREENING_LISTS to their folder")
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix in (".txt", ".csv"))
        contents = {path.name: path.read_bytes() for path in paths}
        sums = folder / SUMS
        expected = _sums(sums) if sums.exists() else None
    except OSError as error:
        raise Misconfigured(f"TRADEWIND_SCREENING_LISTS: {error.filename}: {error.strerror}") from None
    if not contents:
        raise Misconfigured(f"TRADEWIND_SCREENING_LISTS: {folder} holds no .txt or .csv list")
    _check_sums(folder, contents, expected)
    files: list[ListFile] = []
    addresses: list[ListedAddress] = []
    names: list[ListedName] = []
    for name, content in contents.items():
        lines = _lines(folder / name, content)
        found = _names(folder / name, name, lines) if name.endswith(".csv") else _addresses(folder / name, name, lines)
        if not found:
            raise BadData(f"{folder / name}: the list is empty, and an empty list would call everybody clean")
        addresses += [one for one in found if isinstance(one, ListedAddress)]
        names += [one for one in found if isinstance(one, ListedName)]
        kind = "names" if name.endswith(".csv") else "addresses"
        files.append(ListFile(name, kind, hashlib.sha256(content).hexdigest(), len(found)))
    return Lists(tuple(files), tuple(addresses), tuple(names))


def _lines(path: Path, content: bytes) -> list[str]:
    """Return the lines of a list that ends where it should."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadData(f"{path}: not UTF-8 text at byte {error.start}") from None
    if text and not text.endswith("\n"):
        raise BadData(f"{path}: torn, its last line does not end; fetch it again")
    if "\x00" in text:
        raise BadData(f"{path}: torn, there are zero bytes in it; fetch it again")
    return text.splitlines()


def _addresses(path: Path, name: str, lines: list[str]) -> list[ListedAddress]:
    coin = path.stem.rpartition("_")[2].upper()
    found: list[ListedAddress] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            address = parse(line)
        except BadData as error:
            raise BadData(f"{path} line {number}: {error}") from None
        if address.checksum == "wrong" and address.form != "hexadecimal":
            raise BadData(f"{path} line {number}: the checksum of {line.strip()} is wrong, it was cut or mistyped")
        found.append(ListedAddress(address.key, coin, name, number))
    return found


def _names(path: Path, name: str, lines: list[str]) -> list[ListedName]:
    kept = [(number, line) for number, line in enumerate(lines, start=1) if line.strip() and not line.startswith("#")]
    reader = csv.DictReader(io.StringIO("\n".join(line for _, line in kept)), strict=True)
    if kept and _NAME not in (reader.fieldnames or ()):
        raise BadData(f"{path} line {kept[0][0]}: no column {_NAME} among {', '.join(reader.fieldnames or ())}")
    found: list[ListedName] = []
    try:
        for row in reader:
            number = kept[reader.line_num - 1][0]
            if None in row or None in row.values() or not plain_name(row[_NAME]):
                raise BadData(f"{path} line {number}: torn, it has other columns than the head, or no name")
            spellings = [row[_NAME], *(row.get(_ALIASES) or "").split(";")]
            found += [ListedName(one.strip(), row[_NAME].strip(), name, number) for one in spellings if plain_name(one)]
    except csv.Error as error:
        raise BadData(f"{path}: {error}") from None
    return found


def _sums(path: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        digest, _, name = line.partition(" ")
        if len(digest) != 64 or not name.strip():
            raise BadData(f"{path} line {number} is not of the form `sha256  name`")
        found[name.strip().lstrip("*")] = digest.lower()
    return found


def _check_sums(folder: Path, contents: dict[str, bytes], expected: dict[str, str] | None) -> None:
    if expected is None:
        return
    for name in sorted({*expected, *contents}):
        if name not in contents:
            raise BadData(f"{folder / name} is missing, {SUMS} names it")
        if name not in expected:
            raise BadData(f"{folder / name} is not named in {SUMS}")
        if hashlib.sha256(contents[name]).hexdigest() != expected[name]:
            raise BadData(f"{folder / name} is not what {SUMS} says: fetch it again")
