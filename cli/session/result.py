"""The result of a run: counted in the database and the court record, printed as a table or as JSON."""

import time
from decimal import Decimal
from typing import Any

from rich.markup import escape

from adapters.store import summary
from adapters.store.database import Database, version
from cli.output import out, table
from cli.session.plan import RunPlan
from cli.session.stack import Stack


def collect(
    stack: Stack, plan: RunPlan, database: Database, duplicates: int, began: float, peak_rss_mib: float
) -> dict[str, Any]:
    """Return what `run --json` prints; amounts are decimal texts in the quote currency."""
    with database.transaction() as connection:
        counted = summary.of_book(connection, plan.book, plan.venue, plan.symbols, str(plan.timeframe))
    settings = stack.settings
    broker = "in-process (librdkafka)" if settings.kafka_api_version else f"kafka at {settings.kafka}"
    return {
        "run_key": plan.book,
        **counted,
        "duplicate_orders": duplicates,
        "database": version(database),
        "broker": broker,
        "exchange": f"simulator replaying {plan.venue}",
        "symbols": list(plan.symbols),
        "timeframe": str(plan.timeframe),
        "traded": f"{plan.window_start.isoformat()} to {plan.end.isoformat()}",
        "steps": plan.steps,
        "seed": plan.seed,
        "seconds": round(time.monotonic() - began, 1),
        "peak_rss_mib": peak_rss_mib,
    }


def show(result: dict[str, Any], *, resumed: bool) -> None:
    """Print the result for people, and what to do next."""
    if resumed:
        out.print(f"[bold]{result['run_key']}[/bold] was run before; nothing to do. Its result:\n")
    table("rows", [(name, f"{count:,}") for name, count in result["rows"].items()])
    scores = [
        (name.replace("_", " "), f"{value:,.4f}".rstrip("0").rstrip("."))
        for name, value in sorted(result["scores"].items())
    ]
    table("model, out of sample", scores)
    table("trading", _trading(result))
    table("this run", [(name, str(result[key])) for name, key in _ABOUT.items()])
    out.print(f"[bold]report[/bold]  {escape(str(result['report']))}\n", soft_wrap=True)
    for command, meaning in _NEXT.items():
        out.print(f"  {command:<36}[dim]{meaning}[/dim]", soft_wrap=True)


_ABOUT = {
    "book": "run_key",
    "database": "database",
    "broker": "broker",
    "exchange": "exchange",
    "seconds": "seconds",
    "peak memory, MiB": "peak_rss_mib",
}
_NEXT = {
    "tradewind up": "keep it running on a live market, with Dagster's UI",
    "tradewind status": "what runs and what is stored",
    "tradewind run --candles FILE...": "the same trip on your own history",
    "tradewind compare": "the same bars in a backtest too: equal to the last digit",
}
_COUNTS = {
    "signals": "signals",
    "orders": "orders",
    "fills": "fills",
    "denied by us": "denied",
    "rejected by the venue": "rejected",
    "duplicate orders": "duplicate_orders",
    "orders with a gap in their passport": "passport_nulls",
    "ledger imbalance": "ledger_imbalance",
}
_AMOUNTS = {"equity at start": "equity_start", "equity at end": "equity_end"}


def _trading(result: dict[str, Any]) -> list[tuple[str, str]]:
    quote = result["symbols"][0].partition("/")[2]
    first, last = (moment[:16].replace("T", " ") for moment in result["traded"].split(" to "))
    return [
        ("symbols", ", ".join(result["symbols"])),
        ("traded, UTC", f"{first} to {last}"),
        ("bars", f"{result['steps']} of {result['timeframe']}"),
        *((name, str(result[key])) for name, key in _COUNTS.items()),
        *((name, f"{Decimal(result[key]):,.2f} {quote}") for name, key in _AMOUNTS.items()),
        *((f"no order for {symbol}", why) for symbol, why in result["without_orders"].items()),
    ]
