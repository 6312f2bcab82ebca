"""What execution counts of itself."""

from time import monotonic
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.registry import Collector

#: A process in which nothing has turned for so long is stuck.
_STUCK_SECONDS = 30.0
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """What execution counts, and what `others` collect. Seconds for times; labels are few and known."""

    def __init__(self, *others: Collector) -> None:
        self.registry = CollectorRegistry()
        for other in others:
            self.registry.register(other)
        made: dict[str, Any] = {"registry": self.registry, "namespace": "tradewind_execution"}
        self.messages = Counter("messages", "messages of the topic that have had their effect", **made)
        self.orders = Counter("orders", "orders sent, by what their answer proved", ["verdict"], **made)
        self.wire = Histogram("wire_seconds", "from the request of an order to its answer", buckets=_BUCKETS, **made)
        self.taking = Histogram("taking_seconds", "from a message to its commit", buckets=_BUCKETS, **made)
        self.backlog = Gauge("backlog", "messages that were read and wait for their lane", **made)
        self.epoch = Gauge("epoch", "the epoch under which the book is traded; 0 as a standby", **made)
        self.turned = monotonic()
        self.trading_under = 0

    def own(self, epoch: int) -> None:
        """Note that this process owns the book under `epoch`."""
        self.trading_under = epoch
        self.epoch.set(epoch)

    @property
    def stuck(self) -> bool:
        """Whether nothing has turned for too long."""
        return monotonic() - self.turned > _STUCK_SECONDS
