"""How a process stands with its venue, in numbers: circuits, pause, what was used of the budget."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from adapters.resilience.liaison import Liaison

_STATES = {"CLOSED": 0.0, "HALF_OPEN": 0.5, "OPEN": 1.0}


class VenueMetrics(Collector):
    """Reads what the liaison has last heard; it asks nobody."""

    def __init__(self, liaison: "Liaison") -> None:
        self._liaison = liaison

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges."""
        circuits = GaugeMetricFamily(
            "tradewind_venue_circuit",
            "circuit of a venue's endpoint: 0 closed, 0.5 half open, 1 open",
            labels=["venue", "endpoint"],
        )
        for circuit in self._liaison.circuits:
            circuits.add_metric([self._liaison.venue, circuit.endpoint], _STATES[circuit.state])
        yield circuits
        for name, text, value in (
            ("pause_seconds", "for how long the venue still wants to be left alone", self._liaison.pause_seconds),
            ("used_units", "units of the venue's allowance that all processes used in its window", self._liaison.used),
        ):
            gauge = GaugeMetricFamily(f"tradewind_venue_{name}", text, labels=["venue"])
            gauge.add_metric([self._liaison.venue], float(value))
            yield gauge
