"""Recordings replayed: every message accounted for, every hole found or explained, the books as they must be."""

import gzip
import json
import os
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from adapters.exchange.recording import Way, lines, venue_of
from adapters.exchange.replay import Account, replay
from adapters.exchange.streams.reader import read
from trading.errors import Misconfigured
from trading.market.book_keeper import BookKeeper
from trading.order_book import BookState, BookUpdate
from trading.ticker import Ticker

SNAPSHOT = {"lastUpdateId": 100, "bids": [["99", "1"]], "asks": [["101", "1"]]}


def change(first: int, last: int, price: str = "98") -> dict[str, Any]:
    rows = {"b": [[price, "1"]], "a": []}
    return {"e": "depthUpdate", "E": 1_704_067_200_000, "s": "BTCUSDT", "U": first, "u": last, **rows}


def recording(folder: Path, *texts: str) -> Path:
    path = folder / f"{len(list(folder.iterdir()))}.gz"
    path.write_bytes(gzip.compress("\n".join((*texts, "")).encode()))
    return path


def stream(at: float, message: object) -> str:
    return f"{at}: {json.dumps(message)}"


STREAM, ANSWER = (
    "wss://stream.binance.com:9443/stream?streams=x <-> 1704067199.5",
    "https://api.binance.com/api/v3/depth",
)


def test_a_recording_in_two_files_is_merged_by_time(tmp_path: Path) -> None:
    files = [
        recording(
            tmp_path,
            STREAM,
            "wss://stream.binance.com <- 1704067199.6: {}",
            *(stream(1704067200 + n, change(99 + n, 99 + n)) for n in range(9)),
            stream(1704067209, {"result": None, "id": 1}),
            stream(1704067210, {"e": "depthUpdate"}),
            "no line of a recording",
        ),
        recording(tmp_path, f"{ANSWER}?symbol=BTCUSDT&limit=1000 -> 1704067203.5: {json.dumps(SNAPSHOT)}"),
    ]
    account = replay(files)
    assert account.venue == "binance"
    assert (account.messages, account.data, account.control, account.unreadable) == (13, 10, 1, 2)
    assert [q.raw for q in account.quarantined] == ['{"e": "depthUpdate"}', "no line of a recording"]
    assert (account.gaps, account.gaps_explained, account.total("stale"), account.total("applied")) == (0, 0, 2, 8)
    assert (account.books["BTCUSDT"].state, account.books["BTCUSDT"].last) == (BookState.LIVE, 107)


def test_a_missing_message_is_a_gap_and_a_new_connection_explains_one(tmp_path: Path) -> None:
    answer = f"{ANSWER}?symbol=BTCUSDT -> 1704067200.1: {json.dumps(SNAPSHOT)}"
    again = f"{ANSWER}?symbol=BTCUSDT -> 1704067205.1: {json.dumps(SNAPSHOT | {'lastUpdateId': 200})}"
    torn = [STREAM, answer, stream(1704067201, change(101, 101)), stream(1704067202, change(103, 103))]
    account = replay([recording(tmp_path, *torn)])
    assert (account.gaps, account.gaps_explained, account.books["BTCUSDT"].state) == (1, 0, BookState.BROKEN)
    healed = [*torn[:3], STREAM, again, stream(1704067206, change(201, 201))]
    account = replay([recording(tmp_path, *healed)])
    assert (account.gaps, account.gaps_explained, account.books["BTCUSDT"].state) == (0, 1, BookState.LIVE)


def test_a_hole_in_the_numbers_of_a_connection_breaks_its_books(tmp_path: Path) -> None:
    def level2(number: int, kind: str) -> dict[str, Any]:
        rows = (("bid", "1"), ("offer", "2"))
        updates = [{"side": side, "price_level": price, "new_quantity": "1"} for side, price in rows]
        events = [{"type": kind, "product_id": "BTC-USD", "updates": updates}]
        return {"channel": "l2_data", "timestamp": "2024-01-01T00:00:00Z", "sequence_num": number, "events": events}

    opened = "wss://advanced-trade-ws.coinbase.com <-> 1704067199.5"
    sound = [opened, stream(1704067200, level2(0, "snapshot")), stream(1704067201, level2(1, "update"))]
    again = replay([recording(tmp_path, *sound, sound[-1])])
    assert (again.gaps, again.total("received"), again.books["BTC-USD"].state) == (0, 2, BookState.LIVE)
    torn = replay([recording(tmp_path, *sound, stream(1704067202, level2(3, "update")))])
    assert (torn.gaps, torn.books["BTC-USD"].state) == (1, BookState.BROKEN)


def test_a_venue_without_a_reader_is_named(tmp_path: Path) -> None:
    path = recording(tmp_path, stream(1704067200, {}))
    with pytest.raises(Misconfigured, match="`venue`"):
        replay([path])
    with pytest.raises(Misconfigured, match="'nowhere'"):
        replay([path], "nowhere")


def test_a_host_is_not_mistaken_for_another() -> None:
    assert venue_of("wss://fstream.binance.com/stream") == "binanceusdm"
    assert venue_of("https://api.binance.us/api/v3/depth") == "binanceus"
    assert venue_of("https://evilbinance.com/x") is None
    assert venue_of("wss://futures.kraken.com/ws/v1") == "krakenfutures"


def recorded() -> dict[str, list[Path]]:
    """Return the files of each venue's recording."""
    folder = Path(os.environ.get("TRADEWIND_TEST_DATA") or ".") / "exchange_recordings" / "cryptofeed"
    found = defaultdict(list)
    for path in sorted(folder.glob("*.gz")):
        found[path.name.split(".")[0]].append(path)
    return found


def complete(account: Account) -> None:
    """Require that nothing was lost and nothing was put aside."""
    assert account.messages == account.data + account.control
    assert account.quarantined == []
    assert (account.gaps, account.gaps_explained) == (0, 0)
    assert account.total("checksums_bad") == account.total("refused") == account.total("unsound") == 0
    assert account.events["BookUpdate"] == account.total("received")
    assert account.total("received") == account.total("applied") + account.total("stale")
    assert {keeper.state for keeper in account.books.values()} == {BookState.LIVE}


@pytest.mark.data
def test_the_recordings_of_all_venues_replay_without_a_hole() -> None:
    folder = Path(os.environ["TRADEWIND_TEST_DATA"])
    stated = json.loads((folder / "reference" / "ws_checksums.json").read_text())
    venues = recorded()
    assert len(venues) >= 7
    for name, files in venues.items():
        account = replay(files)
        complete(account)
        expected = sum(s["checksum_ok"] for file, s in stated.items() if file.startswith(f"{name}."))
        assert account.total("checksums_ok") == expected, name
        assert account.events["Trade"] > 0, name


@pytest.mark.data
@pytest.mark.parametrize(("venue", "name"), [("binance", "spot_btcusdt"), ("binanceusdm", "usdm_btcusdt")])
def test_the_captures_give_exactly_the_reference_books(venue: str, name: str) -> None:
    folder = Path(os.environ["TRADEWIND_TEST_DATA"])
    reference = json.loads((folder / "reference" / "orderbook_replay.json").read_text())[name]
    files = [folder / "orderbook" / f"binance_{file}" for file in reference["files"]]
    account = replay(files, venue)
    complete(account)
    keeper = account.books["BTCUSDT"]
    assert keeper.tally.applied - 1 == reference["applied"]  # the snapshot was applied too
    assert keeper.tally.stale == reference["dropped_before_snapshot"]
    assert (keeper.last, *keeper.depth.levels) == tuple(
        reference[key] for key in ("last_update_id", "bid_levels", "ask_levels")
    )
    for rows, side in zip(keeper.depth.best_rows(5), ("bids", "asks"), strict=True):
        assert [[row[0], float(row[1])] for row in rows] == reference[f"top5_{side}"]


@pytest.mark.data
def test_each_ticker_with_the_number_of_a_change_shows_the_same_best_prices() -> None:
    folder = Path(os.environ["TRADEWIND_TEST_DATA"])
    reference = json.loads((folder / "reference" / "orderbook_replay.json").read_text())["usdm_btcusdt"]
    keeper, tickers, compared = BookKeeper("BTCUSDT"), dict[int, Ticker](), 0
    for line in lines([folder / "orderbook" / "binance_usdm_btcusdt_20240808.gz"]):
        assert line.way is Way.STREAM
        for event in read("binanceusdm", line.text).events:
            if isinstance(event, Ticker) and event.sequence is not None:
                tickers[event.sequence] = event
            elif isinstance(event, BookUpdate):
                keeper.take(event)
                book, told = keeper.view(1), tickers.get(keeper.last or 0)
                if book is not None and told is not None and not event.snapshot:
                    compared += 1
                    assert (book.bids[0].price, book.asks[0].price) == (told.bid, told.ask)
    assert compared >= reference["bookticker_same_id"]
