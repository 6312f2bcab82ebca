"""The result of a run: counted in the database and the court record, printed as a table or as JSON."""

import time
from typing import Any

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
        out.print(f"[bold]{result['run_key']}[/bold] was run before; nothing to do. Its result:")
    table("rows", [(name, f"{count:,}") for name, count in result["rows"].items()])
    out.print()
    table(
        "model, out of sample", [(name.replace("_", " "), f"{value:.4f}") for name, value in result["scores"].items()]
    )
    out.print()
    reasons = [(f"no order for {symbol}", why) for symbol, why in result["without_orders"].items()]
    table(
        f"{', '.join(result['symbols'])} · {result['timeframe']} · {result['traded']}",
        [
            ("signals", str(result["signals"])),
            ("orders", str(result["orders"])),
            ("fills", str(result["fills"])),
            ("denied by us", str(result["denied"])),
            ("rejected by the venue", str(result["rejected"])),
            ("duplicate orders", str(result["duplicate_orders"])),
            ("equity at start", result["equity_start"]),
            ("equity at end", result["equity_end"]),
            ("ledger imbalance", result["ledger_imbalance"]),
            ("orders with a gap in their passport", str(result["passport_nulls"])),
            *reasons,
        ],
    )
    out.print()
    table(
        "this run",
        [
            ("book", result["run_key"]),
            ("database", result["database"]),
            ("broker", result["broker"]),
            ("exchange", result["exchange"]),
            ("seconds", str(result["seconds"])),
            ("peak memory, MiB", str(result["peak_rss_mib"])),
        ],
    )
    out.print(f"\nreport  {result['report']}\n", soft_wrap=True)
    out.print("next    tradewind up             keep it running on a live market, with Dagster's UI")
    out.print("        tradewind status         what runs, what is stored")
    out.print("        tradewind run --candles FILE...   the same trip on your own history")
