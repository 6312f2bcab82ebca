"""What a file contains: itself, or what lies in a .gz, .zip or .tar of it, read in place and within bounds."""

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import IO

from trading.errors import Misconfigured

#: No member may be larger, packed or not, nor a file hold more of them; packed deeper it is not looked into.
LARGEST = 512 * 2**20
MOST_MEMBERS = 10_000
DEEPEST = 3
#: Beyond this size, data that pack so well are no market data.
BOMB_SIZE, BOMB_RATIO = 16 * 2**20, 300
#: No line of a market data file is longer.
LONGEST_LINE = 2**20

_CHUNK = 2**20
#: What the unpackers of the standard library raise on broken input; all of it is seen on garbled files.
_BROKEN = (OSError, EOFError, zlib.error, zipfile.BadZipFile, tarfile.TarError, RuntimeError)
_BROKEN += (NotImplementedError, ValueError, struct.error, LookupError, OverflowError)


@dataclass(frozen=True)
class Member:
    """One file of data: `source` for messages, `name` without packing, `content` as bytes, `path` where it lies."""

    path: Path
    source: str
    name: str
    content: bytes

    @cached_property
    def text(self) -> str:
        """The content as text; Misconfigured when it is none or a line is endless."""
        for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig")):
            if self.content.startswith(mark):
                return self._decoded(encoding)
        return self._decoded("utf-8")

    def _decoded(self, encoding: str) -> str:
        try:
            text = self.content.decode(encoding)
        except UnicodeDecodeError as error:
            raise Misconfigured(f"{self.source}: not UTF-8 text (byte {error.start}); save it as UTF-8") from None
        if "\x00" in text:
            raise Misconfigured(f"{self.source}: binary data of no form we know ({self.seen})")
        return text

    @property
    def seen(self) -> str:
        """The first bytes, as a message shows them."""
        return repr(self.content[:60])[2:-1]

    def lines_within_bounds(self) -> None:
        """Raise Misconfigured when a line is longer than any line of market data."""
        start = 0
        while start < len(self.content):
            end = self.content.find(b"\n", start, start + LONGEST_LINE + 1)
            if end < 0:
                if len(self.content) - start > LONGEST_LINE:
                    raise Misconfigured(f"{self.source}: a line of more than {LONGEST_LINE:,} bytes; that is no table")
                return
            start = end + 1


def members(path: Path) -> Iterator[Member]:
    """Yield what `path` contains, unpacked.

    Raises:
        Misconfigured: it cannot be read, is broken, encrypted, or larger than we take; the message names it.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise Misconfigured(f"{path}: {size:,} bytes; files above {LARGEST:,} are not read, split it")
        content = path.read_bytes()
    except OSError as error:
        raise Misconfigured(f"{path}: cannot be read: {error.strerror}") from error
    if not content:
        raise Misconfigured(f"{path}: empty file")
    yield from _unpacked(Member(path, str(path), path.name, content), 0)


def _unpacked(member: Member, depth: int) -> Iterator[Member]:
    pack = _packing(member)
    if pack is None:
        yield member
        return
    if depth >= DEEPEST:
        raise Misconfigured(f"{member.source}: packed more than {DEEPEST} times; unpack it")
    try:
        for count, inner in enumerate(_PACKINGS[pack](member)):
            if count >= MOST_MEMBERS:
                raise Misconfigured(f"{member.source}: more than {MOST_MEMBERS:,} files inside; unpack it")
            yield from _unpacked(inner, depth + 1)
    except _BROKEN as error:
        raise Misconfigured(f"{member.source}: broken {pack}: {error or type(error).__name__}") from error


def _packing(member: Member) -> str | None:
    content = member.content
    if content.startswith(b"\x1f\x8b"):
        return "gzip"
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    return "tar" if content[257:262] == b"ustar" else None


def _gzip(member: Member) -> Iterator[Member]:
    name = member.name.removesuffix(".gz")
    if name.endswith(".tgz"):
        name = name.removesuffix(".tgz") + ".tar"
    with gzip.GzipFile(fileobj=io.BytesIO(member.content)) as file:
        yield replace(member, name=name, content=_bounded(file, member.source, len(member.content)))


def _zip(member: Member) -> Iterator[Member]:
    with zipfile.ZipFile(io.BytesIO(member.content)) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                source = f"{member.source}!{info.filename}"
                with archive.open(info) as file:
                    content = _bounded(file, source, info.compress_size)
                yield Member(member.path, source, Path(info.filename).name, content)


def _tar(member: Member) -> Iterator[Member]:
    with tarfile.open(fileobj=io.BytesIO(member.content), mode="r:") as archive:
        for info in archive:
            file = archive.extractfile(info) if info.isfile() else None
            if file is not None:
                source = f"{member.source}!{info.name}"
                content = _bounded(file, source, info.size)
                yield Member(member.path, source, Path(info.name).name, content)


_PACKINGS = {"gzip": _gzip, "zip": _zip, "tar": _tar}


def _bounded(file: IO[bytes] | gzip.GzipFile, source: str, packed: int) -> bytes:
    """Return all of an unpacked file; Misconfigured as soon as it is too large, or too good to be data."""
    content = bytearray()
    while chunk := file.read(_CHUNK):
        content += chunk
        if len(content) > LARGEST:
            raise Misconfigured(f"{source}: more than {LARGEST:,} bytes unpacked; that is not read, split it")
        if len(content) > BOMB_SIZE and len(content) > BOMB_RATIO * max(1, packed):
            raise Misconfigured(f"{source}: unpacks to more than {BOMB_RATIO} times its size; that is no market data")
    return bytes(content)
