"""Something small done again and again in a thread of its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread


@contextmanager
def repeated(look: Callable[[], None], seconds: float, name: str) -> Iterator[None]:
    """Call `look` at once and every `seconds` after its return until the block ends, in a thread called `name`."""
    ended = Event()

    def run() -> None:
        while not ended.is_set():
            look()
            ended.wait(seconds)

    thread = Thread(target=run, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timeout=5)
