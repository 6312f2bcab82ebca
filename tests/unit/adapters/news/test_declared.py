"""The file of sources: each wrong word is named, with its source."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.settings import Settings
from adapters.sources.declared import declared, read
from trading.errors import Misconfigured

WHOLE = """
[[source]]
name = "desk"
kind = "feed"
url = "https://desk.example/rss"
fresh = "6h"
licence = "headlines for own use"
language = "en"

[[source]]
name = "panic"
kind = "cryptopanic"
url = "https://panic.example/api?auth={key}"
key_file = "panic.key"
fresh = "2h"
every = "15m"
licence = "terms of the interface"

[[source]]
name = "mood"
kind = "series"
url = "https://mood.example/fng?limit=0"
format = "json"
items = "data"
fields = { time = "timestamp", value = "value" }
unit = "index, 0 to 100"
missing = ["."]
fresh = "3d"
every = "1d"
licence = "free with attribution"

[[source]]
name = "perps"
kind = "funding"
exchange = "binanceusdm"
symbols = ["BTC/USDT:USDT"]
start = 2024-01-01
fresh = "9h"
licence = "facts of the exchange"

[[source]]
name = "kraken"
kind = "venue"
exchange = "kraken"
kinds = ["spot"]
fresh = "2d"
every = "1d"
licence = "facts of the exchange"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "sources.toml"
    path.write_text(text)
    return path


def test_a_whole_file(tmp_path: Path) -> None:
    desk, panic, mood, perps, kraken = read(written(tmp_path, WHOLE))
    assert (desk.fresh, desk.every, desk.language) == (timedelta(hours=6), timedelta(minutes=5), "en")
    assert (panic.every, panic.language, panic.key_file) == (timedelta(minutes=15), "und", tmp_path / "panic.key")
    assert (mood.items, mood.fields["time"], mood.missing) == ("data", "timestamp", (".",))
    assert (perps.venue, perps.symbols, perps.start) == (
        "binanceusdm",
        ("BTC/USDT:USDT",),
        datetime(2024, 1, 1, tzinfo=UTC),
    )
    assert (kraken.venue, kraken.kinds) == ("kraken", ("spot",))
    with pytest.raises(Misconfigured, match=r"panic: key_file .* cannot be read"):
        panic.address()
    (tmp_path / "panic.key").write_text("abc\n")
    assert panic.address() == "https://panic.example/api?auth=abc"
    (tmp_path / "panic.key").write_text("a\nb")
    with pytest.raises(Misconfigured, match="does not hold a key"):
        panic.address()


def test_none_are_declared_without_a_file_and_a_named_one_must_be_there(tmp_path: Path) -> None:
    assert declared(Settings(data_dir=tmp_path)) == []
    with pytest.raises(Misconfigured, match="TRADEWIND_SOURCES"):
        declared(Settings(data_dir=tmp_path, sources=tmp_path / "other.toml"))
    written(tmp_path, WHOLE)
    assert [one.name for one in declared(Settings(data_dir=tmp_path), ("series", "feed"))] == ["desk", "mood"]


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('name = "desk"', 'name = "The Desk"', "needs a name"),
        ('name = "desk"', "", "needs a name"),
        ('name = "desk"', 'name = "panic"', "more than one source is called panic"),
        ('kind = "feed"', 'kind = "rss"', r"desk: kind = 'rss' is none of cryptopanic, feed"),
        ('language = "en"', 'langauge = "en"', "desk: a source of kind feed has no langauge"),
        ('licence = "headlines for own use"', "", "desk: licence"),
        ('licence = "headlines for own use"', 'licence = " "', "desk: licence"),
        ('fresh = "6h"', "fresh = 6", 'desk: fresh = 6 is no time such as "15m"'),
        ('fresh = "6h"', 'fresh = "0h"', "desk: fresh"),
        ('fresh = "6h"', "", "desk: fresh = None"),
        ("https://desk.example/rss", "ftp://desk.example/rss", "desk: url"),
        ("https://desk.example/rss", "file:///etc/passwd", "desk: url"),
        ("?auth={key}", "", "panic: key_file and {key}"),
        ('format = "json"', 'format = "xml"', "mood: format = 'xml'"),
        ('fields = { time = "timestamp", value = "value" }', 'fields = "x"', "mood: fields"),
        ('missing = ["."]', 'missing = "."', "mood: missing"),
        ('symbols = ["BTC/USDT:USDT"]', "", "perps: symbols are needed"),
        ('exchange = "binanceusdm"', "", "perps: exchange"),
        ('kinds = ["spot"]', 'kinds = ["option"]', "kraken: kinds are some of spot, swap, future"),
        ("start = 2024-01-01", 'start = "soon"', "perps: start"),
        ("[[source]]", "[[sources]]", "only tables"),
        ("[[source]]", "[[source", "sources.toml"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, named: str) -> None:
    assert old in WHOLE
    with pytest.raises(Misconfigured, match=named.replace("{", r"\{")):
        read(written(tmp_path, WHOLE.replace(old, new, 1)))
