"""What the collector does each second besides listening: judge the streams, set gates, write what was heard."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from adapters.bus.signal_topic import SignalProducer
from adapters.store import gates, heartbeats
from adapters.store.database import Database
from adapters.store.frames import Store
from adapters.store.market_rows import frame
from services.collector.collector import Collector, message
from services.collector.outlet import Outlet
from services.collector.vigil import Vigil
from trading.errors import Unavailable
from trading.market.book_keeper import BookKeeper
from trading.ports import Clock

#: Rows that wait for a broker or a database that does not answer; then the oldest go.
MOST_WAITING = 200_000


class Rounds:
    """The turns of one collector; each is one call, and raises Unavailable when the other side does not answer."""

    def __init__(
        self,
        database: Database,
        producer: SignalProducer,
        clock: Clock,
        keys: dict[str, str],
        symbols: Sequence[str],
        vigil: Vigil,
        topic: str,
    ) -> None:
        """Prepare for the book, venue and timeframe in `keys`; the topics' names begin with `topic`."""
        self._database, self._producer, self._clock, self._keys, self._topic = database, producer, clock, keys, topic
        self._now = clock.now()
        self._store = Store(database, f"collector-{self._now:%Y%m%dT%H%M%S}", "collector")
        self.stored, self.sent = Outlet(self._keep, MOST_WAITING), Outlet(self._send, MOST_WAITING)
        self._vigil = vigil
        self.collector = Collector(keys["venue"], symbols, (self.stored, self.sent), self._vigil, self._now)

    async def watch(self, keeper: Callable[[str], BookKeeper | None]) -> None:
        """Judge the streams, set the gates of those that have changed, and say that we live."""
        with contextlib.suppress(Unavailable):  # a gap stays one until somebody can say that it is filled
            await asyncio.to_thread(self._fill)
        with contextlib.suppress(Unavailable):  # a gate must close all the more when the venue does not answer
            self._now = await asyncio.to_thread(self._clock.now)
        at = self._now
        wrong = self.collector.look(at, keeper)
        await asyncio.to_thread(self._vigil.write, self._database, self._keys, wrong, at)
        await asyncio.to_thread(self._beat, wrong, at)

    async def store(self) -> None:
        """Write to the database what waits for it; a row that it refuses is logged instead."""
        await asyncio.to_thread(self.stored.flush)
        while self.stored.refused:
            table, refused, why = self.stored.refused.popleft()
            self.collector.event(refused["symbol"], "DROPPED", f"{table} refuses a row: {why}", str(refused))

    async def send(self) -> None:
        """Send to Kafka what waits for it."""
        await asyncio.to_thread(self.sent.flush)

    async def finish(self) -> None:
        """Write and send the last, if the others answer."""
        for turn in (self.store, self.send):
            with contextlib.suppress(Unavailable):
                await turn()

    def _keep(self, table: str, rows: Sequence[dict[str, Any]]) -> None:
        self._store.write(table, frame(table, rows), self._now)

    def _send(self, table: str, rows: Sequence[dict[str, Any]]) -> None:
        self._producer.send(f"{self._topic}.{table.rpartition('.')[2]}", [message(row) for row in rows])

    def _fill(self) -> None:
        """Take the gaps back past which market.candles has been read meanwhile: it holds what the venue has of them."""
        venue, timeframe = self._keys["venue"], self._keys["timeframe"]
        for symbol, bars in self._vigil.bars.items():
            if bars.gap is None:
                continue
            newest = gates.newest_bar(self._database, venue, symbol, timeframe, self._now)
            if newest is not None and newest >= bars.gap[1]:
                bars.filled()

    def _beat(self, wrong: dict[str, dict[str, str]], at: datetime) -> None:
        detail = {
            "at": at.isoformat(),
            "closed": sorted(symbol for symbol, checks in wrong.items() if checks),
            "waiting": {"database": self.stored.waiting, "kafka": self.sent.waiting},
            "dropped": self.stored.dropped + self.sent.dropped,
        }
        with self._database.transaction() as connection:
            heartbeats.beat(connection, "collector", self._keys["book"], detail)
