"""The trip of `tradewind run`: start the parts, walk the book, close it, tell what came of it."""

from collections.abc import Callable
from typing import Any

from adapters.exchange.court_record import duplicate_orders
from adapters.settings import Settings
from adapters.store import books
from adapters.store.database import Database
from cli.session.markets import Market
from cli.session.orphans import end_orphans
from cli.session.preparation import Told
from cli.session.result import collect
from cli.session.stack import dagster_instance, running
from cli.session.walk import Walk
from services.supervisor.memory import MemorySampler


def trip(
    settings: Settings, market: Market, told: Told, began: float, look: Callable[[Database], None] | None = None
) -> tuple[dict[str, Any], bool]:
    """Return the result of the book of `market`, and whether it was there already.

    At the end, and while the database still runs, `look` may read there.
    """
    told("starting", 0, 1)
    with (
        running(settings) as stack,
        MemorySampler(stack.roots) as memory,
        Database(stack.settings.required("database_url")) as database,
    ):
        walk = Walk(stack, market, database, told)
        row = walk.open()
        resumed, result = row["status"] == "DONE", row["result"]
        control = None if resumed else stack.start_simulator(market)
        told("starting", 1, 1)
        if control is not None:
            with dagster_instance(stack.settings) as instance:
                end_orphans(instance)
                walk.go(control, instance)
                walk.close(instance)
            result = collect(stack, market.plan, database, duplicate_orders(control.record()), began, memory.peak_mib)
            with database.transaction() as connection:
                books.finish(connection, market.plan.book, "DONE", result)
        if look is not None:
            look(database)
    return result, resumed
