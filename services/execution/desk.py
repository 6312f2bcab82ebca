"""The desk: what every step of execution needs, bound once at start."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from adapters.store import leases
from adapters.store.database import Connection, Database
from adapters.store.parameters import LimitsByVersion
from adapters.telemetry.execution_metrics import Metrics
from trading.instrument import Instrument
from trading.ports import Clock, Known, Unreachable, Venue


@dataclass(frozen=True)
class Desk:
    """One book at one venue under one epoch. Amounts in the instruments' currencies.

    `quote` gives the last price of a symbol; without it the venue is asked each time.
    """

    book: str
    venue_name: str
    epoch: int
    database: Database
    venue: Venue
    clock: Clock
    instruments: dict[str, Instrument]
    limits: LimitsByVersion
    recv_window_ms: int
    absence_margin_ms: int
    quote: Callable[[str], Known[Decimal] | Unreachable] | None = None
    metrics: Metrics = field(default_factory=Metrics)

    def price(self, symbol: str) -> Known[Decimal] | Unreachable:
        """Return the last price of `symbol`, quote per base."""
        return self.venue.last_price(symbol) if self.quote is None else self.quote(symbol)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Yield a transaction that commits only while this desk still holds the lease of its book.

        Statements are pipelined: an answer is waited for only where it is read.

        Raises:
            Interrupted: another process has taken the book over.
        """
        with self.database.transaction() as connection, connection.pipeline():
            leases.require(connection, self.book, self.epoch)
            yield connection
            connection.conclude()
            # As a statement of the pipeline it costs no journey of its own; the pool finds the transaction ended.
            connection.execute("commit")
