"""The candles' asset between venues that disagree: a spike reaches no feature, a hole closes the gate until filled."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from adapters.store import accounts, books
from adapters.store.database import Database
from adapters.store.frames import Store
from assets.market.candles import candles
from assets.resources import DeskResource
from tests.integration.simulator.conftest import start_simulator
from tests.integration.simulator.simulator_process import SimulatorProcess
from trading.market.gaps import RECENT_BARS
from trading.simulation.random_market import DEFAULT_SPECS, bars
from trading.timeframe import Timeframe

__all__ = ["start_simulator"]
pytestmark = [
    # Dagster calls what pydantic has deprecated.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster.*"),
]

BOOK, HOUR = "voting", timedelta(hours=1)
BTC, ETH = "BTC/USDT", "ETH/USDT"
START, SPIKE = datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 3, 4, 6, tzinfo=UTC)
TICK, LOT = 0.01, 0.0001


def market(folder: Path, spike: float) -> dict[str, str]:
    """Write the bars of a venue, those of BTC with a close at SPIKE that is `spike` times what it should be."""
    folder.mkdir()
    panel = bars(5, DEFAULT_SPECS[:2], Timeframe.parse("1h"), START, START + 120 * HOUR)
    spiked = (pl.col("symbol") == BTC) & (pl.col("ts") == SPIKE)
    close = pl.when(spiked).then(pl.col("close") * spike).otherwise(pl.col("close"))
    panel = panel.with_columns(close=close.round(2))
    panel = panel.with_columns(high=pl.max_horizontal("high", "close"), low=pl.min_horizontal("low", "close"))
    prices = [(pl.col(name) / TICK).round() * TICK for name in ("open", "high", "low", "close")]
    panel = panel.with_columns(*(price.round(2) for price in prices), volume=pl.col("volume").round(4))
    for symbol in (BTC, ETH):
        own = panel.filter(pl.col("symbol") == symbol).drop("symbol")
        own.write_parquet(folder / f"{symbol.replace('/', '')}.parquet")
    return {"kind": "files", "folder": str(folder)}


class Book:
    """A book whose venue and references are simulators."""

    def __init__(self, database: Database, simulators: list[SimulatorProcess]) -> None:
        self.database, self.simulators = database, simulators

    def at(self, moment: datetime, back: int = 0) -> dict[str, tuple[bool, str]]:
        """Run the asset at `moment`, which all venues reach, for the day `back` days before; return the gates."""
        for simulator in self.simulators:
            while not simulator.control().advance(moment).done:
                pass
        day = f"{moment - timedelta(days=back, microseconds=1):%Y-%m-%d}"
        done = dg.materialize([candles], partition_key=day, resources={"desk": DeskResource()})
        assert done.success
        with self.database.transaction() as connection:
            return {symbol: accounts.gate(connection, BOOK, "venue", symbol) for symbol in (BTC, ETH)}

    def closes(self, symbol: str) -> dict[datetime, float]:
        with self.database.transaction() as connection:
            rows = connection.execute("select ts, close from market.candles_current where symbol = %s", (symbol,))
            return {row["ts"]: row["close"] for row in rows}


@pytest.fixture
def open_book(
    database: str,
    tmp_path: Path,
    start_simulator: Callable[..., SimulatorProcess],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., Book]]:
    """Return what opens a book at a venue with a spike of `own`, compared with venues that have spikes of `others`."""
    with Database(database) as opened:

        def make(own: float, *others: float) -> Book:
            clock = {"kind": "stepped", "start": (SPIKE - HOUR).isoformat()}
            made = [
                start_simulator(market=market(tmp_path / f"market{number}", spike), clock=clock)
                for number, spike in enumerate((own, *others))
            ]
            named = [f"venue{number}={one.ready['rest_url']}" for number, one in enumerate(made)][1:]
            settings: dict[str, Any] = {
                "BOOK": BOOK,
                "DATABASE_URL": database,
                "DATA_DIR": str(tmp_path),
                "VENUE_URL": made[0].ready["rest_url"],
                "REFERENCES": ",".join(named),
            }
            for name, value in settings.items():
                monkeypatch.setenv(f"TRADEWIND_{name}", value)
            chosen = {
                "venue": "venue",
                "timeframe": "1h",
                "symbols": [BTC, ETH],
                "quote": "USDT",
                "strategies": ["mean_reversion"],
                "horizon": 4,
                "seed": 5,
                "history_start": START.isoformat(),
                "window_start": START.isoformat(),
            }
            with opened.transaction() as connection:
                books.open_book(connection, BOOK, chosen, 28)
            return Book(opened, made)

        yield make


def test_a_spike_of_five_per_cent_is_not_stored_and_the_hole_closes_the_gate_until_it_is_filled(
    open_book: Callable[..., Book],
) -> None:
    book = open_book(1.05, 1.0)
    assert book.at(SPIKE) == {BTC: (True, ""), ETH: (True, "")}
    gates = book.at(SPIKE + HOUR)
    assert gates[BTC][1].startswith("cross-venue deviation refused: ")
    assert gates[ETH] == (True, "")
    assert book.at(SPIKE + HOUR, back=1) == gates  # who looks at other bars cannot say how things stand
    assert SPIKE not in book.closes(BTC)
    assert SPIKE in book.closes(ETH)
    with book.database.transaction() as connection:
        row = connection.execute("select reason, content from ops.quarantined_candles").fetchone()
    assert row is not None
    assert row["reason"] == "cross-venue deviation"
    gates = book.at(SPIKE + 2 * HOUR)
    assert gates[BTC] == (False, f"gap 1 bars missing from {SPIKE.isoformat()} on")
    assert SPIKE + HOUR in book.closes(BTC)
    right = bars(5, DEFAULT_SPECS[:1], Timeframe.parse("1h"), START, START + 120 * HOUR).filter(pl.col("ts") == SPIKE)
    marks = {"venue": pl.lit("venue"), "timeframe": pl.lit("1h"), "knowledge_ts": pl.col("ts") + HOUR}
    Store(book.database, "backfill", "0").write("market.candles", right.with_columns(**marks), SPIKE + 2 * HOUR)
    assert book.at(SPIKE + 3 * HOUR)[BTC] == (True, "")


def test_a_hole_that_nobody_fills_is_forgotten_when_no_feature_spans_it(open_book: Callable[..., Book]) -> None:
    book = open_book(1.05, 1.0, 1.0)
    assert book.at(SPIKE + HOUR)[BTC][0] is False
    assert book.at(SPIKE + RECENT_BARS * HOUR)[BTC][0] is False
    assert book.at(SPIKE + (RECENT_BARS + 1) * HOUR)[BTC] == (True, "")


def test_a_spike_elsewhere_changes_nothing_and_a_venue_that_is_gone_is_told(open_book: Callable[..., Book]) -> None:
    book = open_book(1.0, 1.05)
    assert book.at(SPIKE + HOUR) == {BTC: (True, ""), ETH: (True, "")}
    assert SPIKE in book.closes(BTC)
    book.simulators.pop().kill()
    assert book.at(SPIKE + 2 * HOUR) == {BTC: (True, ""), ETH: (True, "")}
    with book.database.transaction() as connection:
        rows = connection.execute("select symbol, blocking from ops.quality_results where check_name like 'venue%'")
        assert sorted((row["symbol"], row["blocking"]) for row in rows) == [(BTC, False), (ETH, False)]


def test_two_that_leap_apart_are_held_until_a_third_speaks(open_book: Callable[..., Book]) -> None:
    book = open_book(1.05, 0.95)
    assert book.at(SPIKE + HOUR)[BTC][1].startswith("cross-venue deviation held: ")
    assert SPIKE not in book.closes(BTC)


def test_what_moves_everywhere_is_stored(open_book: Callable[..., Book]) -> None:
    book = open_book(1.2, 1.2)
    assert book.at(SPIKE + HOUR)[BTC] == (True, "")
    assert SPIKE in book.closes(BTC)


def test_an_answer_that_nobody_can_read_closes_the_gate_of_its_symbol_until_the_next(
    open_book: Callable[..., Book],
) -> None:
    book = open_book(1.0)
    assert book.at(SPIKE) == {BTC: (True, ""), ETH: (True, "")}
    control = book.simulators[0].control()
    rule = {"fault": "unexpected_200", "on": "market", "symbol": BTC, "next": 1}
    control.faults({"seed": 1, "rules": [rule]})
    gates = book.at(SPIKE + HOUR)
    assert gates[BTC][1].startswith("stale ")
    assert gates[ETH] == (True, "")
    with book.database.transaction() as connection:
        rows = connection.execute("select symbol, check_name, detail from ops.quality_results where blocking")
        told = {row["check_name"]: (row["symbol"], row["detail"]) for row in rows}
    assert set(told) == {"stale", "unreadable"}
    assert told["unreadable"][0] == BTC
    assert "in a shape that cannot be read" in told["unreadable"][1]
    assert book.at(SPIKE + 2 * HOUR) == {BTC: (True, ""), ETH: (True, "")}
    assert SPIKE in book.closes(BTC)
