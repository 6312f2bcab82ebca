"""The exchange whose every change is in the court record before it is answered, and which is rebuilt from it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime

from services.simulator import events
from services.simulator.commands import apply
from services.simulator.conditions import Conditions
from services.simulator.config import SimulatorConfig
from services.simulator.court_record import CourtRecord
from services.simulator.events import Event
from services.simulator.market import Market
from trading.errors import BadData, Denied, Misconfigured
from trading.money import text
from trading.simulation.exchange import Exchange
from trading.simulation.filters import Ticket
from trading.simulation.funds import Trade
from trading.simulation.late import Slices
from trading.simulation.working_order import WorkingOrder


class RecordedExchange:
    """Commands are written, applied, and their consequences written; the same code replays them after a crash.

    `listeners` are told the consequences of every live command; `conditions` are those last noted.
    """

    def __init__(self, config: SimulatorConfig, market: Market, record: CourtRecord, now: datetime) -> None:
        """Open the venue of `config` at its start, or where the `record` ends; `now` is the machine's time.

        Raises:
            Misconfigured: the record belongs to another market.
            BadData: the record does not lead to the fills that it holds.
        """
        self.record = record
        self.listeners: list[Callable[[list[Event]], None]] = []
        self.conditions = Conditions()
        self._requests = 0
        past = record.read()
        opening = events.opening(config, round(config.start(now).timestamp() * 1000))
        first = next(past, None)
        if first is None:
            record.append(opening)
            first = opening
        if first | {"start": 0} != opening | {"start": 0}:
            raise Misconfigured(f"state_dir: {record.path} belongs to another market or other instruments")
        self.exchange = Exchange(
            instruments=config.markets,
            bars=market,
            length=config.bar.milliseconds,
            start=first["start"],
            half_spread_bps=config.half_spread_bps,
        )
        self._replay(past)
        for account in config.accounts:
            if account.name not in self.exchange.funds.accounts:
                balances = {currency: text(amount) for currency, amount in account.balances.items()}
                self.command({"event": "account", "account": account.name, "balances": balances})
        record.flush()

    @property
    def now(self) -> int:
        """The venue's time in ms."""
        return self.exchange.now

    def request(self, account: str, method: str, path: str, params: Mapping[str, str]) -> int:
        """Record that a request which may change something has arrived; return its number."""
        self._requests += 1
        shown = {name: value for name, value in params.items() if name != "signature"}
        wire = {"account": account, "method": method, "path": path, "params": shown, "at": self.now}
        self.record.append({"event": "request", "of": self._requests, **wire})
        self.record.hand_over()
        return self._requests

    def note(self, evidence: Event) -> None:
        """Record what changes nothing at the exchange; what a noted answer tells of is on the disk already."""
        if evidence["event"] == "conditions":
            self.conditions = Conditions.model_validate(evidence["now"])
        self.record.append(evidence)
        self.record.hand_over()

    def place(self, number: int, ticket: Ticket, late: Slices | None = None) -> tuple[WorkingOrder, list[Trade]]:
        """Place `ticket` for request `number` and return the order with its fills; Denied as the exchange says."""
        before = len(self.exchange.trades)
        command = events.place(number, ticket, self.now)
        self.command(command | {"late": asdict(late)} if late else command)
        return self.exchange.orders[len(self.exchange.orders)], self.exchange.trades[before:]

    def cancel(self, number: int, order: WorkingOrder) -> None:
        """Cancel `order` for request `number`; Denied UNKNOWN_ORDER when it is not open."""
        self.command({"event": "cancel", "of": number, "order_id": order.order_id, "at": self.now})

    def advance(self, to: int) -> list[Trade]:
        """Advance the clock up to `to` ms or the first fill before it; return the fills."""
        before = len(self.exchange.trades)
        if not self.exchange.settled(to):
            self.command({"event": "advance", "to": to})
        return self.exchange.trades[before:]

    def follow(self, to: int) -> None:
        """Advance the clock to `to` ms through all fills; a stretch without any can be made again."""
        before, until = len(self.exchange.trades), self.now
        while self.exchange.advance(to):
            until = self.now
        fills = [events.fill(trade) for trade in self.exchange.trades[before:]]
        if fills:
            for event in ({"event": "follow", "to": until}, *fills):
                self.record.append(event)
            self.record.flush()
        self._announce(fills)

    def command(self, command: Event) -> list[Event]:
        """Record `command`, apply it and record what follows, durably, and return it; Denied when that is it."""
        self.record.append(command)
        consequences = apply(self.exchange, command)
        for consequence in consequences:
            self.record.append(consequence)
        self.record.flush()
        self._announce(consequences)
        if consequences and consequences[0]["event"] == "denied":
            raise Denied(consequences[0]["reason"], consequences[0]["detail"])
        return consequences

    def _announce(self, consequences: list[Event]) -> None:
        for listener in self.listeners:
            listener(consequences)

    def _replay(self, past: Iterator[Event]) -> None:
        """Apply the commands of the record again; its consequences must come out again, those cut off are added."""
        expected: list[Event] = []
        for event in past:
            if event["event"] in events.EVIDENCE:
                self._requests = max(self._requests, event.get("of", 0))
                if event["event"] == "conditions":
                    self.conditions = Conditions.model_validate(event["now"])
            elif event["event"] in events.CONSEQUENCES:
                if not expected or event != expected.pop(0):
                    raise BadData(f"{self.record.path}: not reproduced: {event}")
            elif expected:
                raise BadData(f"{self.record.path}: not in the record: {expected[0]}")
            else:
                expected = apply(self.exchange, event)
        for consequence in expected:
            self.record.append(consequence)
