"""Requests that wait in the venue's own time: a queue before the engine that is longer than anybody likes."""

import asyncio


class Queue:
    """Who waits until which moment of the venue's clock, in ms."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []

    @property
    def due(self) -> int | None:
        """The first moment for which somebody waits; None when nobody does."""
        return min((until for until, _ in self._waiting), default=None)

    async def wait(self, until: int) -> None:
        """Return once the venue's clock has reached `until` ms."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((until, future))
        await future

    def release(self, now: int) -> bool:
        """Let go everybody whose moment has come by `now` ms, in order; return whether there was anybody."""
        due = sorted((one for one in self._waiting if one[0] <= now), key=lambda one: one[0])
        self._waiting = [one for one in self._waiting if one[0] > now]
        for _, future in due:
            if not future.done():
                future.set_result(None)
        return bool(due)
