"""Health and metrics of a process over HTTP on the loopback: /health says whether it works, /metrics in numbers."""

import json
from collections.abc import Callable, Iterable
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

from adapters.telemetry.execution_metrics import Metrics


class _Quiet(WSGIRequestHandler):
    """Answers without a word in the log."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the names of the base class
        """Say nothing."""


class Health:
    """The HTTP server of one process, in a thread of its own; `port` 0 is chosen free."""

    def __init__(self, metrics: Metrics, port: int) -> None:
        self._metrics = metrics
        self._numbers = make_wsgi_app(metrics.registry)
        self._server: WSGIServer = make_server("127.0.0.1", port, self._answer, handler_class=_Quiet)
        self._thread = Thread(target=self._server.serve_forever, name="health", daemon=True)
        self.port = self._server.server_port

    def __enter__(self) -> "Health":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            return self._numbers(environ, start)
        if path != "/health":
            start("404 Not Found", [("Content-Type", "text/plain")])
            return [b"/health or /metrics\n"]
        epoch = self._metrics.trading_under
        body = {"state": "stuck" if self._metrics.stuck else "trading" if epoch else "standby", "epoch": epoch}
        start("503 Service Unavailable" if self._metrics.stuck else "200 OK", [("Content-Type", "application/json")])
        return [json.dumps(body).encode() + b"\n"]
