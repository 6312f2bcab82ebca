"""One attempt per call, at the address that was asked, whatever it answers."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from adapters.exchange.ccxt_client import Credentials, ask, connect


@pytest.fixture
def asked() -> Iterator[list[str]]:
    """The requests so far; the server that got them answers each with a redirection. The first is its address."""
    seen: list[str] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            seen.append(f"{self.command} {self.path.partition('?')[0]}")
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = answer  # noqa: N815 - the names are those of the library

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    seen.append(f"http://127.0.0.1:{server.server_port}")
    yield seen
    server.shutdown()
    server.server_close()


def test_a_redirection_is_not_followed(asked: list[str]):
    exchange = connect("binance", Credentials("key", "secret"), asked[0], rate_limit=False)
    answer = ask(exchange, "private_post_order", {"symbol": "BTCUSDT"})
    exchange.session.close()
    assert asked[1:] == ["POST /api/v3/order"]
    assert answer.body is None
