"""Packed and hostile files: read in place, or refused with one clear line and without filling the memory."""

import gzip
import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from adapters.history import container
from adapters.history.registry import expand, read
from adapters.settings import Settings
from trading.errors import Misconfigured

QUOTES = Settings().quotes
CSV = b"ts,open,high,low,close,volume\n" + b"".join(b"%d,1,2,1,2,3\n" % (1_700_000_040 + 60 * n) for n in range(5))


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"{name}.csv", content)
    return buffer.getvalue()


def tarred(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(f"{name}.csv")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def named(value: str | bytes) -> str:
    """Return what stands for `value` in the name of a test: the same at each collection, packed bytes hold a time."""
    return value if isinstance(value, str) else "bytes"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("kraken_BTCUSD_1m.csv", CSV),
        ("kraken_BTCUSD_1m.csv.gz", gzip.compress(CSV)),
        ("kraken_BTCUSD_1m.zip", zipped(kraken_BTCUSD_1m=CSV)),
        ("any.tar.gz", gzip.compress(tarred(kraken_BTCUSD_1m=CSV))),
        ("any.zip", zipped(kraken_BTCUSD_1m=gzip.compress(CSV))),
        ("without_a_suffix", zipped(kraken_BTCUSD_1m=CSV)),
        ("kraken_BTCUSD_1m.txt", b"\xef\xbb\xbf" + CSV),
        ("kraken_BTCUSD_1m.csv", CSV.decode().encode("utf-16")),
    ],
    ids=named,
)
def test_a_table_is_read_wherever_it_lies(tmp_path: Path, name: str, content: bytes) -> None:
    (series,), skipped = read(write(tmp_path, name, content), QUOTES)
    assert (series.venue, series.symbol, str(series.timeframe), series.rows.height) == ("kraken", "BTC/USD", "1m", 5)
    assert skipped == []


def test_what_is_no_market_data_in_an_archive_is_skipped_by_name(tmp_path: Path) -> None:
    path = write(tmp_path, "any.zip", zipped(kraken_BTCUSD_1m=CSV, readme=b"hello there\n"))
    series, (said,) = read(path, QUOTES)
    assert len(series) == 1
    assert "readme.csv: of no form we know" in said


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.csv", b"", "empty file"),
        ("broken.csv.gz", gzip.compress(CSV)[:40], "broken gzip"),
        ("flipped.csv.gz", gzip.compress(CSV)[:30] + b"\x00" * 30, "broken gzip"),
        ("broken.zip", zipped(a=CSV)[:80], "broken zip"),
        ("line.csv", CSV + b"x" * (5 * 2**20), "a line of more than"),
        ("latin.csv", CSV + "1,é".encode("latin-1"), "not UTF-8 text"),
        ("binary.csv", CSV[:20] + b"\x00" + CSV, "of no form we know"),
        ("prose.csv", b"dear all,\nsee you tomorrow\n", "of no form we know"),
        ("two.csv", b"1,2\n3,4\n", "of no form we know"),
        ("notime.csv", b"1,2,3,4\n5,6,7,8\n", "the first is no time"),
        ("header.csv", b"ts,open,high,low,close,volume\n", "no rows"),
        ("when.csv", b"ts,open,high,low,close,volume\nsoon,1,1,1,1,1\n", "no readable time"),
        ("deep.json", b"[" * 100_000, "broken JSON"),
        ("other.json", b'{"hello": "there"}', "JSON without candles"),
        ("broken.data", b"SQLite format 3\x00" + b"\x01" * 500, "broken SQLite file"),
        ("broken.parquet", b"PAR1" + b"\x07" * 200, "cannot be read"),
        ("broken.feather", b"ARROW1" + b"\x07" * 200, "cannot be read"),
    ],
    ids=named,
)
def test_hostile_and_unknown_files_are_refused_in_one_line(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    with pytest.raises(Misconfigured, match=says) as refusal:
        read(write(tmp_path, name, content), QUOTES)
    assert name in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    for name, content in (("bomb.gz", gzip.compress(bytes(64 * 2**20))), ("bomb.zip", zipped(a=bytes(64 * 2**20)))):
        with pytest.raises(Misconfigured, match="times its size"):
            read(write(tmp_path, name, content), QUOTES)


def test_bounds_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nested = CSV
    for _ in range(4):
        nested = gzip.compress(nested)
    with pytest.raises(Misconfigured, match="packed more than 3 times"):
        read(write(tmp_path, "nested.gz", nested), QUOTES)
    monkeypatch.setattr(container, "MOST_MEMBERS", 3)
    with pytest.raises(Misconfigured, match="more than 3 files inside"):
        read(write(tmp_path, "many.zip", zipped(**{f"m{n}": b"x" for n in range(5)})), QUOTES)
    monkeypatch.setattr(container, "LARGEST", 1000)
    with pytest.raises(Misconfigured, match="not read, split it"):
        read(write(tmp_path, "large.csv", CSV * 10), QUOTES)
    with pytest.raises(Misconfigured, match="unpacked"):
        read(write(tmp_path, "large.csv.gz", gzip.compress(os.urandom(500) * 3)), QUOTES)


def test_paths_are_looked_into(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    one, two = write(tmp_path, "b.csv", CSV), write(tmp_path / "sub", "a.csv", CSV)
    write(tmp_path, ".hidden.csv", CSV)
    assert expand([tmp_path, one]) == [one, two]
    with pytest.raises(Misconfigured, match="no such file"):
        expand([tmp_path / "nothing"])
    (tmp_path / "void").mkdir()
    with pytest.raises(Misconfigured, match="no files in this folder"):
        expand([tmp_path / "void"])
    with pytest.raises(Misconfigured, match="cannot be read"):
        read(tmp_path / "void", QUOTES)
