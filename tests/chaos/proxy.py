"""A TCP proxy in this process that does to connections what networks do: late, cut, mute, gone.

For each piece that a client sends, `judge` may name a `Fault`; what has struck is counted by name.
"""

import contextlib
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Lock, Thread
from typing import Literal, Self

_PIECE = 65536
_LOOK_SECONDS = 0.2

Name = Literal["reset", "cut", "delay", "delay_answer", "lose_answer", "cut_answer", "swallow"]


@dataclass(frozen=True)
class Fault:
    """What happens to a piece on its way to the server, or to its answer.

    reset: the connection breaks before the piece is passed on; cut: after its first `number` bytes. lose_answer: it is
    passed on, and the connection breaks when the answer comes, or when `until` was seen in it; cut_answer: after the
    first `number` bytes of the answer. delay and delay_answer: `seconds` late. swallow: from now on nothing passes,
    in either direction, and nothing breaks.
    """

    name: Name
    number: int = 0
    seconds: float = 0.0
    until: bytes = b""


class _Pipe:
    """One connection through the proxy."""

    def __init__(self, client: socket.socket, server: socket.socket, judge: Callable[[bytes], Fault | None]) -> None:
        self._client = client
        self._server = server
        self._judge = judge
        self._fate: Fault | None = None
        self._heard = b""
        self.counts: Counter[str] = Counter()
        self.ended = Event()
        self.threads = [Thread(target=self._forth, daemon=True), Thread(target=self._back, daemon=True)]
        for thread in self.threads:
            thread.start()

    def end(self, *, abruptly: bool = True) -> None:
        """End the connection on both sides, with RST when `abruptly`."""
        self.ended.set()
        for each in (self._client, self._server):
            with contextlib.suppress(OSError):
                if abruptly:
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                each.shutdown(socket.SHUT_RD)  # wakes the thread that reads from it

    def close(self) -> None:
        """Break the connection and wait for its threads."""
        self.end()
        for thread in self.threads:
            thread.join(10)
        self._client.close()
        self._server.close()

    def _forth(self) -> None:
        self._pump(self._client, self._server, self._sent)

    def _back(self) -> None:
        self._pump(self._server, self._client, self._answered)

    def _pump(self, one: socket.socket, other: socket.socket, passing: Callable[[bytes], bytes]) -> None:
        broken = False
        try:
            while not broken and (piece := one.recv(_PIECE)):
                rest = passing(piece)
                if rest:
                    other.sendall(rest)
                broken = self.ended.is_set()
        except OSError:
            broken = True
        self.end(abruptly=broken)
        # Closed here, so that the end shows now.
        one.close()
        other.close()

    def _strike(self, fault: Fault) -> None:
        self.counts[fault.name] += 1

    def _sent(self, piece: bytes) -> bytes:
        """Return what of a piece is passed on to the server."""
        if self._fate is not None and self._fate.name == "swallow":
            return b""
        fault = self._judge(piece)
        if fault is None:
            return piece
        if fault.name in ("reset", "cut"):
            self._strike(fault)
            self.ended.set()
            return piece[: fault.number]
        if fault.name == "delay":
            self._strike(fault)
            self.ended.wait(fault.seconds)
            return piece
        self._heard = b""
        self._fate = fault
        if fault.name == "swallow":
            self._strike(fault)
            return b""
        return piece

    def _answered(self, piece: bytes) -> bytes:
        """Return what of an answer is passed on to the client."""
        fate = self._fate
        if fate is None:
            return piece
        if fate.name == "swallow":
            return b""
        if fate.name == "delay_answer":
            self._strike(fate)
            self._fate = None
            self.ended.wait(fate.seconds)
            return piece
        self._heard += piece
        if fate.until not in self._heard:
            return b""
        self._strike(fate)
        self.ended.set()
        return piece[: fate.number]


class Proxy:
    """Listens on a free loopback port and passes on to `target`; a context manager."""

    def __init__(self, target: tuple[str, int], judge: Callable[[bytes], Fault | None] = lambda _: None) -> None:
        self.judge = judge
        self._target = target
        self._pipes: list[_Pipe] = []
        self._lock = Lock()
        self._closing = Event()
        self._refused = 0
        self._open(0)
        self.port: int = self._listener.getsockname()[1]

    @property
    def counts(self) -> Counter[str]:
        """How often each fault has struck."""
        with self._lock:
            return sum((pipe.counts for pipe in self._pipes), Counter({"refuse": self._refused}))

    def cut(self) -> None:
        """Break all connections."""
        with self._lock:
            pipes = list(self._pipes)
        for pipe in pipes:
            pipe.end()

    def refuse(self, seconds: float) -> None:
        """Break all connections and refuse new ones for `seconds`."""
        self._close()
        self._refused += 1
        self.cut()
        time.sleep(seconds)
        self._closing.clear()
        self._open(self.port)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()
        for pipe in self._pipes:
            pipe.close()

    def _judged(self, piece: bytes) -> Fault | None:
        return self.judge(piece)

    def _open(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", port))
        self._listener.settimeout(_LOOK_SECONDS)
        self._thread = Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _close(self) -> None:
        self._closing.set()
        self._thread.join(10)
        self._listener.close()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            try:
                server = socket.create_connection(self._target, timeout=5)
            except OSError:
                client.close()
                continue
            for each in (client, server):
                each.settimeout(None)
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._pipes.append(_Pipe(client, server, self._judged))
