"""`make bench`: our parts against their peers, as ratios of medians of the same run; > 1 means we are better."""

import argparse
import json
import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.performance.peers import Missing

OUT = Path(".tradewind/bench.json")


@dataclass(frozen=True)
class Measured:
    """One comparison: medians in `unit`, `ratio` > 1 when we are better."""

    bench: str
    ours: float
    peer: float
    ratio: float
    unit: str
    note: str


def lower_is_better(bench: str, ours: list[float], peer: list[float], unit: str, note: str) -> Measured:
    """Return the comparison of two sets of durations."""
    mine, theirs = statistics.median(ours), statistics.median(peer)
    return Measured(bench, round(mine, 4), round(theirs, 4), round(theirs / mine, 3), unit, note)


def suites() -> dict[str, Callable[[], Measured]]:
    """Return every bench by name."""
    from tests.performance import (
        book_updates,
        engine,
        feature_scale,
        features,
        ingest,
        ingest_peers,
        ingest_scale,
        kernel,
        report_sql,
        restart,
        signal_to_wire,
        train_lightgbm,
    )

    return {
        "book_updates": book_updates.throughput,
        "engine_backtesting": engine.backtesting,
        "engine_backtrader": engine.backtrader,
        "engine_nautilus": engine.nautilus,
        "engine_scale": engine.scale,
        "features_polars_talib": features.polars_talib,
        "features_talib": features.talib,
        "features_pandas_ta": features.pandas_ta,
        "features_incremental": features.incremental,
        "features_scale": feature_scale.features,
        "ingest_copy": ingest.append,
        "ingest_again": ingest.again,
        "ingest_rowwise": ingest_peers.rowwise,
        "ingest_to_sql": ingest_peers.to_sql,
        "ingest_memory": ingest_scale.memory,
        "ingest_symbols": ingest_scale.symbols,
        "kernel_bare": kernel.bare,
        "kernel_vectorbt": kernel.vectorbt,
        "report_sql": report_sql.report,
        "signal_to_wire": signal_to_wire.latency,
        "restart_cold": restart.from_nothing,
        "restart_standby": restart.from_standby,
        "train_lightgbm": train_lightgbm.train,
        "training_scale": feature_scale.training,
    }


def main() -> None:
    """Run the chosen benches, print the table, write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="names, comma separated; all when empty")
    chosen = [name for name in parser.parse_args().only.split(",") if name]
    known = suites()
    unknown = sorted(set(chosen) - set(known))
    if unknown:
        parser.error(f"no bench {', '.join(unknown)}; known are {', '.join(known)}")
    console, results = Console(), []
    for name in chosen or known:
        with console.status(name):
            try:
                results.append(known[name]())
            except Missing as missing:
                console.print(f"[bold red]{name} was not measured: {escape(str(missing))}")
    table = Table("bench", "ours", "peer", "ratio", "unit", "note")
    for found in results:
        table.add_row(found.bench, f"{found.ours:g}", f"{found.peer:g}", f"{found.ratio:g}", found.unit, found.note)
    console.print(table)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps([asdict(found) for found in results], indent=1) + "\n")
    console.print(f"written to {OUT}")


if __name__ == "__main__":
    main()
