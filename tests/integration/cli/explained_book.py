"""A book whose orders explain themselves: bars, features, models, forecasts and signals as the assets store them."""

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import psycopg

from adapters.exchange.ccxt_venue import CcxtVenue
from adapters.store import accounts, books, leases, models, parameters, signals
from adapters.store.database import Database
from adapters.store.frames import Store
from adapters.store.parameters import LimitsByVersion
from models.forecast import lightgbm_return
from models.labels import training_set
from models.model import Model, build
from models.regime import gaussian_mixture
from tests.integration.execution.floor import BOOK, CASH, SYMBOL, TOPIC, Floor
from trading.audit import digest, digest_row
from trading.indicators.technical import FEATURES, technical_features
from trading.limits import Limits
from trading.order import Side
from trading.quote import Quote
from trading.signal import Lineage
from trading.simulation.random_market import SPECS, bars
from trading.strategies.knowledge import Knowledge, Place, signal
from trading.strategies.registry import parameters as chosen
from trading.strategies.strategy import Desire
from trading.timeframe import Timeframe

BAR, HOUR, VENUE = Timeframe.parse("1h"), timedelta(hours=1), "simulator"
HISTORY, HORIZON, SEED = 760, 4, 5
SERIES = {"venue": VENUE, "timeframe": "1h", "symbol": SYMBOL}
RULE, LEARNED = "grid", "follow_forecast"


def open_book(database: Database, _venue: CcxtVenue) -> tuple[int, LimitsByVersion]:
    """Fund one sub-account per strategy; return the epoch and the limits."""
    with database.transaction() as connection:
        parameters.ensure_limits(connection, Limits(), "test", "test")
        owners = [(name, SYMBOL) for name in (RULE, LEARNED)]
        accounts.fund(connection, BOOK, owners, "USDT", CASH, datetime.fromisoformat("2026-01-01T00:00Z"))
        return leases.seize(connection, BOOK, "test"), LimitsByVersion(connection)


class Explained:
    """Steps a floor from bar to bar; each step is a run that stores its bar and what is computed from it."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.start = BAR.open_of(floor.now()) - HISTORY * HOUR
        panel = bars(SEED, SPECS[:1], BAR, self.start, self.start + (HISTORY + 24) * HOUR)
        last = panel.filter(pl.col("ts") < BAR.open_of(floor.now())).item(-1, "close")
        scale = float(floor.price()) / last
        self.panel = panel.with_columns(pl.col("open", "high", "low", "close") * scale)
        self.models: dict[str, str] = {}
        self.runs = 0
        #: Number of the run that revises a bar.
        self.revision = 0

    def begin(self) -> None:
        """Store the book, its history up to now, and its models."""
        configuration = {
            "venue": VENUE,
            "timeframe": "1h",
            "symbols": [SYMBOL],
            "quote": "USDT",
            "strategies": [RULE, LEARNED],
            "horizon": HORIZON,
            "seed": SEED,
            "history_start": self.start.isoformat(),
        }
        with self.floor.database.transaction() as connection:
            books.open_book(connection, BOOK, configuration, 1)
        store, now = self.run(), self.floor.now()
        self.candles(store, self.panel.filter(pl.col("ts") + HOUR <= now), now)
        self.features(store, now)
        self.train(store, now)
        self.tell(store, now)

    def run(self) -> Store:
        self.runs += 1
        return Store(self.floor.database, f"run-{self.runs}", "0.1.0")

    def candles(self, store: Store, rows: pl.DataFrame, now: datetime) -> None:
        keys = [pl.lit(value).alias(name) for name, value in SERIES.items()]
        store.write("market.candles", rows.with_columns(*keys, knowledge_ts=pl.col("ts") + HOUR), now)

    def known(self, store: Store, now: datetime) -> pl.DataFrame:
        columns = ["symbol", "ts", "open", "high", "low", "close", "volume"]
        return store.read("market.candles", SERIES, self.start, now, as_of=now, columns=columns)

    def features(self, store: Store, now: datetime) -> None:
        rows = technical_features(self.known(store, now), BAR)
        store.write("features.technical_features", self._keyed(rows), now)

    def _keyed(self, rows: pl.DataFrame, **more: Any) -> pl.DataFrame:
        keys = [pl.lit(value).alias(name) for name, value in {"book": BOOK, **SERIES, **more}.items()]
        return rows.with_columns(*keys, knowledge_ts=pl.col("ts") + HOUR)

    def train(self, store: Store, now: datetime) -> None:
        columns = ["symbol", "ts", *FEATURES]
        features = store.read("features.technical_features", {"book": BOOK, **SERIES}, as_of=now, columns=columns)
        rows = training_set(features, self.known(store, now), BAR, HORIZON)
        self.add("price_models", lightgbm_return.fit(rows, FEATURES, HORIZON, SEED, folds=2, params={"rounds": 5}), now)
        self.add("regime_models", gaussian_mixture.fit(features, SEED), now)
        told = chosen(RULE, {}).model_dump(mode="json")
        rule = build(
            kind=f"rule_{RULE}",
            features=(),
            params={"strategy": RULE},
            seed=SEED,
            trained_from=self.start,
            trained_to=now,
            data_hash=digest(told),
            scores={},
            artefact=json.dumps(told, sort_keys=True),
        )
        self.add("rule_models", rule, now)

    def add(self, table: str, model: Model, now: datetime) -> None:
        row = asdict(model)
        row["parameters"], row["features"] = row.pop("params"), list(model.features)
        marks = {"knowledge_ts": now, "run_id": f"run-{self.runs}", "code_version": "0.1.0"}
        with self.floor.database.transaction() as connection:
            models.add(connection, table, BOOK, row, marks)
        self.models[table] = model.model_id
        self.made = {**getattr(self, "made", {}), table: model}

    def tell(self, store: Store, now: datetime) -> None:
        """Store forecasts and regimes of the last bars."""
        where = {"book": BOOK, **SERIES}
        features = store.read("features.technical_features", where, as_of=now, columns=["symbol", "ts", *FEATURES])
        recent = features.filter(pl.col("ts") >= now - 6 * HOUR)
        forecasts = lightgbm_return.predict(self.made["price_models"], recent)
        store.write("forecasts.price_forecasts", self._keyed(forecasts, model_id=self.models["price_models"]), now)
        regimes = gaussian_mixture.predict(self.made["regime_models"], features)
        store.write("forecasts.market_regimes", self._keyed(regimes, model_id=self.models["regime_models"]), now)

    def step(self, hours: int = 1) -> None:
        """Let a bar pass, and store it with what follows from it."""
        self.floor.walk(hours * HOUR)
        store, now = self.run(), self.floor.now()
        self.candles(store, self.panel.filter(pl.col("ts") + HOUR <= now).tail(hours), now)
        self.features(store, now)
        self.tell(store, now)

    def desire(self, strategy: str, exposure: str | None, stop: str | None = None, bid: str | None = None) -> None:
        """Publish what `strategy` desires at the newest bar, and let it have its effect."""
        now = self.floor.now()
        bar = BAR.open_of(now) - HOUR
        store = Store(self.floor.database, "reader", "0")
        tables = {"features": "features.technical_features", "forecast": "forecasts.price_forecasts"}
        tables |= {"regime": "forecasts.market_regimes", "candle": "market.candles"}
        rows: dict[str, dict[str, Any]] = {}
        for name, table in tables.items():
            where = SERIES if name == "candle" else {"book": BOOK, **SERIES}
            rows[name] = store.read(table, where, bar, bar + HOUR, as_of=now).row(0, named=True)
        with self.floor.database.transaction() as connection:
            version = parameters.ensure_strategy(connection, strategy, chosen(strategy, {}), "test", "test")
        model = self.models["price_models" if strategy == LEARNED else "rule_models"]
        hashes = {name: digest_row(row) for name, row in rows.items()}
        lineage = Lineage(
            f"run-{self.runs}",
            "0.1.0",
            model,
            hashes["features"],
            hashes["candle"],
            version,
            hashes["forecast"],
            rows["regime"]["regime"],
        )
        told = Desire(
            None if exposure is None else Decimal(exposure),
            None if stop is None else Decimal(stop),
            "a test wants it",
            () if bid is None else (Quote(Side.BUY, self.floor.price() * Decimal(bid), Decimal("0.3")),),
        )
        made = signal(Place(BOOK, strategy, VENUE, SYMBOL, BAR), bar, now, Knowledge(**rows), told, lineage)
        assert signals.publish(self.floor.database, [made], TOPIC) == 1
        self.floor.tell(made)
        self.floor.settle()


def traded(floor: Floor) -> Explained:
    """Trade three bars: an entry with its stop, quotes that are replaced, an exit."""
    book = Explained(floor)
    book.begin()
    book.desire(LEARNED, "0.5", stop="0.1")
    book.desire(RULE, None, bid="0.97")
    book.step()
    book.desire(RULE, None, bid="0.96")
    book.step()
    book.desire(LEARNED, "0")
    return book


def change(url: str, *statements: str) -> None:
    """Do what no program of ours may do."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")
        for statement in statements:
            connection.execute(statement)  # pyright: ignore[reportArgumentType, reportCallIssue]
