"""What each command of the court record does to the exchange, and what follows from it."""

from decimal import Decimal

from services.simulator import events
from services.simulator.events import Event
from trading.errors import BadData, Denied
from trading.money import divide
from trading.simulation.exchange import Exchange
from trading.simulation.interventions import change_rules, force, transfer
from trading.simulation.late import Slices


def apply(exchange: Exchange, command: Event) -> list[Event]:
    """Do what `command` says and return its consequences: accepted, canceled or denied first, then fills."""
    if command.get("at", 0) > exchange.now:
        run(exchange, command["at"])
    before = len(exchange.trades)
    try:
        outcome = _obey(exchange, command)
    except Denied as denial:
        outcome = [{"event": "denied", "of": command["of"], "reason": denial.reason, "detail": denial.detail}]
    return outcome + [events.fill(trade) for trade in exchange.trades[before:]]


def run(exchange: Exchange, to: int) -> None:
    """Advance to `to` ms through all fills."""
    while exchange.advance(to):
        pass


def _obey(exchange: Exchange, command: Event) -> list[Event]:
    match command["event"]:
        case "account":
            balances = {currency: Decimal(amount) for currency, amount in command["balances"].items()}
            exchange.admit(command["account"], balances)
        case "place":
            late = command.get("late")
            order, _ = exchange.place(events.ticket(command), Slices(**late) if late else None)
            return [events.accepted(command, order)]
        case "cancel":
            exchange.cancel(exchange.orders[command["order_id"]])
            return [events.canceled(command, command["order_id"])]
        case "advance":
            exchange.advance(command["to"])
        case "follow":
            run(exchange, command["to"])
        case "transfer" | "fees" | "rules" | "force":
            return _intervene(exchange, command)
        case unknown:
            raise BadData(f"court record: unknown event {unknown!r}")
    return []


def _intervene(exchange: Exchange, command: Event) -> list[Event]:
    """Do what neither the market nor an account did."""
    match command["event"]:
        case "transfer":
            transfer(exchange, command["account"], command["currency"], Decimal(command["amount"]))
        case "fees":
            exchange.funds.fee_coins[command["account"]] = command["coin"]
        case "force":
            order = exchange.orders[command["order_id"]]
            lots = divide(Decimal(command["quantity"]), exchange.instruments[order.symbol].lot)
            force(exchange, order, int(lots))
        case _:
            changes = command["changes"].items()
            exact = {name: value if name == "status" else Decimal(value) for name, value in changes}
            gone = change_rules(exchange, command["symbol"], exact)
            return [events.canceled(command, order.order_id) for order in gone]
    return []
