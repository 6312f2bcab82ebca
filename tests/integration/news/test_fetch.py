"""A GET that is bounded in every direction, against a real server."""

import gzip
import time
import zlib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from adapters.sources import fetch as module
from adapters.sources.fetch import LARGEST, Busy, Held, fetch
from adapters.sources.visit import asked
from tests.fakes.feed_server import FeedServer, Page
from tests.integration.news.made import source
from trading.errors import BadData, Denied, Unavailable


def test_what_is_unchanged_is_not_sent_again(server: FeedServer) -> None:
    url = server.put("/feed", "one", ETag='"a"', Last_Modified="Sun, 01 Mar 2026 11:00:00 GMT")
    first = fetch("s", url, Held())
    assert (first.body, first.held) == (b"one", Held('"a"', "Sun, 01 Mar 2026 11:00:00 GMT"))
    again = fetch("s", url, first.held)
    assert again.body is None
    assert again.held == first.held
    _, headers = server.asked[-1]
    assert (headers["If-None-Match"], headers["If-Modified-Since"]) == ('"a"', "Sun, 01 Mar 2026 11:00:00 GMT")
    server.put("/feed", "two", ETag='"b"')
    assert fetch("s", url, first.held).body == b"two"


@pytest.mark.parametrize("pack", [lambda body: body, gzip.compress, zlib.compress], ids=["plain", "gzip", "deflate"])
def test_the_limit_holds_before_and_after_unpacking(server: FeedServer, pack: Callable[[bytes], bytes]) -> None:
    packing = {} if pack(b"x") == b"x" else {"Content_Encoding": "gzip" if pack is gzip.compress else "deflate"}
    whole = server.put("/whole", pack(b"x" * LARGEST), **packing)
    assert fetch("s", whole, Held()).body == b"x" * LARGEST
    larger = server.put("/larger", pack(b"x" * (LARGEST + 1)), **packing)
    with pytest.raises(BadData, match="5,000,000 bytes"):
        fetch("s", larger, Held())


def test_a_bomb_of_a_gigabyte_costs_no_gigabyte(server: FeedServer) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join([*(packer.compress(b"\0" * 2**24) for _ in range(16)), packer.flush()])
    url = server.put("/bomb", bomb, Content_Encoding="gzip")
    began = time.monotonic()
    with pytest.raises(BadData, match="unpacks to more"):
        fetch("s", url, Held())
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("body", [b"no gzip at all", gzip.compress(b"x" * 9999)[:-20]], ids=["none", "cut"])
def test_broken_packing_is_bad_data(server: FeedServer, body: bytes) -> None:
    with pytest.raises(BadData):
        fetch("s", server.put("/broken", body, Content_Encoding="gzip"), Held())


def test_packing_that_was_not_asked_for_is_bad_data(server: FeedServer) -> None:
    with pytest.raises(BadData, match="'br'"):
        fetch("s", server.put("/br", b"...", Content_Encoding="br"), Held())


def test_a_pause_is_asked_for_once(server: FeedServer) -> None:
    url = server.put("/busy", "", status=429, Retry_After="120")
    with pytest.raises(Busy) as busy:
        fetch("s", url, Held())
    assert busy.value.seconds == 120
    assert len(server.asked) == 1


@pytest.mark.parametrize(("status", "error"), [(404, Denied), (401, Denied), (500, Unavailable), (502, Unavailable)])
def test_other_answers_are_no_document(server: FeedServer, status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        fetch("s", server.put("/x", "<rss/>", status=status), Held())
    assert len(server.asked) == (1 if error is Denied else 2)


def test_redirects_are_followed_three_times_and_never_inwards(server: FeedServer) -> None:
    end = server.put("/end", "here")
    for step in (3, 2, 1):
        server.put(f"/{step}", "", status=302, Location=f"/{step + 1}" if step < 3 else end)
    assert fetch("s", server.url + "/1", Held()).body == b"here"
    server.put("/loop", "", status=301, Location="/loop")
    for path, location in {"/loop": "/loop", "/file": "file:///etc/hostname", "/in": "http://10.0.0.1/x"}.items():
        server.put(path, "", status=301, Location=location)
        with pytest.raises(Denied):
            fetch("s", server.url + path, Held())


def test_a_server_that_drips_is_left(server: FeedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ALL_SECONDS", 0.3)
    monkeypatch.setattr(module, "_PIECE", 1)

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        for _ in range(40):
            try:
                handler.wfile.write(b"x")
                handler.wfile.flush()
            except OSError:
                return
            time.sleep(0.05)
        handler.close_connection = True

    server.pages["/drip"] = Page(respond=drip)
    with pytest.raises(Unavailable, match="took longer than"):
        fetch("s", server.url + "/drip", Held())


def test_nobody_there_is_unavailable_and_a_key_is_never_told(server: FeedServer, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("very-secret\n")
    there = source("s", server.put("/api", "[]") + "?auth={key}", key_file=tmp_path / "key")
    assert asked(there, Held()).body == b"[]"
    assert server.asked[-1][0] == "/api?auth=very-secret"
    nowhere = source("s", "http://127.0.0.1:9/?auth={key}", key_file=tmp_path / "key")
    with pytest.raises(Unavailable) as failure:
        asked(nowhere, Held())
    assert "very-secret" not in repr(failure.value) + repr(failure.value.__cause__)
