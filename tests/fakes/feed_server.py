"""A real HTTP server on the loopback that answers what it is told, and remembers what it was asked."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Respond = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Page:
    """One answer; with `respond` a test writes to the socket itself."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    respond: Respond | None = None


@dataclass
class FeedServer:
    """Pages by path, and (path, headers) of each request. An ETag that comes back is answered with 304."""

    url: str
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def put(self, path: str, body: bytes | str, *, status: int = 200, **headers: str) -> str:
        """Answer `path` so from now on; return its URL. Header names are written with underscores."""
        content = body.encode() if isinstance(body, str) else body
        self.pages[path] = Page(content, status, {name.replace("_", "-"): value for name, value in headers.items()})
        return self.url + path


@contextmanager
def feed_server() -> Iterator[FeedServer]:
    """Yield a server that runs until the end."""
    told: Any = None

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            told.asked.append((self.path, dict(self.headers)))
            page = told.pages.get(self.path.partition("?")[0], Page(b"nothing here", 404))
            if page.respond is not None:
                page.respond(self)
                return
            tag = page.headers.get("ETag")
            unchanged = tag is not None and self.headers.get("If-None-Match") == tag
            self.send_response(304 if unchanged else page.status)
            for name, value in page.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0" if unchanged else str(len(page.body)))
            self.end_headers()
            if not unchanged:
                self.wfile.write(page.body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told = FeedServer(f"http://127.0.0.1:{server.server_address[1]}")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
