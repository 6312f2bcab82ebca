"""Each shape of each venue is read; what is not known or has drifted is put aside with its raw text."""

import os
import tarfile
from pathlib import Path

import pytest

from adapters.exchange.streams.message import BookUpdate, Event, Where
from adapters.exchange.streams.reader import READERS, read
from tests.unit.adapters.exchange.streams.samples import NOWHERE, SAMPLES
from trading.candle import CandleUpdate
from trading.trade import Trade


@pytest.mark.parametrize(
    ("venue", "text", "where", "events"), SAMPLES, ids=[f"{n} {sample[0]}" for n, sample in enumerate(SAMPLES)]
)
def test_a_sound_message_is_read(venue: str, text: str, where: Where, events: list[Event]) -> None:
    reading = read(venue, text, where)
    assert (reading.reason, list(reading.events)) == ("", events)


def test_every_reader_has_its_samples() -> None:
    assert {READERS[venue] for venue, *_ in SAMPLES} == set(READERS.values())


def test_the_number_of_a_message_on_its_connection_is_read() -> None:
    text = '{"channel":"heartbeats","timestamp":"2024-01-01T00:00:00Z","sequence_num":7,"events":[]}'
    assert read("coinbase", text).sequence == 7


@pytest.mark.parametrize("venue", sorted(READERS))
@pytest.mark.parametrize(
    "text",
    ["", "x", "{", "{}x", "null", "1", '"topic"', "[]", "[[]]", "[null]", '{"x":1}', '{"e":"new"}', '{"topic":"new.X"}',
     '{"channel":"new","data":[]}', '{"type":"new"}', '{"feed":"new"}', '{"arg":{}}', '{"e":null}', '{"e":[]}',
     "[" * 100_000, '{"a":NaN}', '{"a":' + "9" * 5000 + "}", "\x00", "\ud800"],
    ids=lambda text: text[:16],
)  # fmt: skip
def test_what_no_venue_sends_is_put_aside_or_no_data(venue: str, text: str) -> None:
    reading = read(venue, text)
    assert reading.reason == "" or reading.raw == text
    assert not [event for event in reading.events if isinstance(event, BookUpdate | Trade | CandleUpdate)]


@pytest.mark.parametrize(
    ("venue", "old", "new"),
    [
        ("binance", '"p":"99.5"', '"p":null'),
        ("binance", '"p":"99.5"', '"p":"-1"'),
        ("binance", '"p":"99.5"', '"p":0'),
        ("binance", '"m":true,', '"m":"true",'),
        ("binance", '"T":1704067200000', '"T":1704067200000000'),
        ("binance", '"t":42', '"t":{}'),
        ("binance", '"h":"3"', '"h":"1.5"'),
        ("binance", '"u":7', '"u":7.5'),
        ("bybit", '"S":"Buy"', '"S":"Neither"'),
        ("bybit", '"type":"delta"', '"type":"partial"'),
        ("coinbase", '"side":"bid"', '"side":"x"'),
        ("coinbaseexchange", "2024-01-01T00:00:00.000000Z", "2024-01-01T00:00:00+02:00"),
        ("kraken", '"c":"974942666"', '"d":1'),
        ("kraken", ',"c":"974942666"', ""),
        ("okx", '"action":"update"', '"action":"replace"'),
        ("okx", '"seqId":7', '"seqId":"x"'),
        ("krakenfutures", '"seq":7', '"seq":null'),
    ],
)
def test_a_drifted_message_is_put_aside_whole(venue: str, old: str, new: str) -> None:
    drifted = [(text.replace(old, new), where) for each, text, where, _ in SAMPLES if each == venue and old in text]
    assert drifted
    for text, where in drifted:
        reading = read(venue, text, where)
        assert (bool(reading.reason), reading.raw, reading.suspect, reading.events) == (True, text, True, ())


@pytest.mark.data
def test_every_payload_of_every_venue_is_accounted_for() -> None:
    """Public shapes are read; what is private is no data; only what breaks its own rules is put aside."""
    folder = Path(os.environ["TRADEWIND_TEST_DATA"]) / "exchange_recordings" / "nautilus"
    found = {}
    for archive in sorted(folder.glob("*_json.tar.gz")):
        with tarfile.open(archive) as content:
            for member in filter(tarfile.TarInfo.isfile, content):
                opened = content.extractfile(member)
                assert opened is not None
                venue = archive.name.split("_")[0]
                name = Path(member.name).name
                venue = "krakenfutures" if venue == "kraken" and "futures" in name else venue
                found[f"{venue} {name}"] = read(venue, opened.read().decode(), NOWHERE)
    assert len(found) > 250
    public = ("orderbook", "book_snap", "depth_update", "trade", "kline", "candle", "ticker", "ws_book", "l2_data")
    unread = {name: found[name].reason for name in found if found[name].reason and any(word in name for word in public)}
    documented = ("a time that cannot be", "a bar that contradicts itself")  # the documentation's own examples
    strange = {name: why for name, why in unread.items() if not any(text in why for text in documented)}
    assert strange == {"binance account_trades_response.json": found["binance account_trades_response.json"].reason}
