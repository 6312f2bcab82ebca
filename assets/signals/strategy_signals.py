"""Asset signals/strategy_signals: what each strategy desires of each symbol, from the newest closed bar."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import dagster as dg

from adapters.store import models as registry
from adapters.store import parameters, signals
from assets.partitions import DAILY
from assets.resources import Desk, DeskResource
from trading.audit import digest
from trading.signal import Lineage, Signal
from trading.strategies.strategy import Desire

#: A holding worth less of its equity than this is a remainder, not a position.
_REMAINDER = 0.05
_PLACES = Decimal("0.0000000001")


@dg.asset(
    key_prefix="signals",
    group_name="signals",
    kinds={"python", "postgres"},
    deps=[
        dg.AssetKey(["forecasts", "price_forecasts"]),
        dg.AssetKey(["forecasts", "market_regimes"]),
        dg.AssetKey(["training", "rule_models"]),
    ],
    partitions_def=DAILY,
)
def strategy_signals(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """Desired state per (strategy, symbol) with its lineage; stored together with the message that will be published.

    exposure = wanted share of the sub-account's equity, 0 to 1; valid until the end of the next bar. A symbol whose
    newest bar or features are missing gets no signal, and the reason is in the metadata.
    """
    with desk.open(context) as at:
        now = at.clock.now()
        bar = at.timeframe.open_of(now) - at.timeframe.delta
        rows, missing = _rows(at, bar, now)
        made = [signal for name in at.strategies for signal in _signals(at, name, bar, now, rows)]
        new = signals.publish(at.database, made, at.settings.signal_topic)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(made),
            "new signals": new,
            "long": sum(signal.exposure > 0 for signal in made),
            "mean exposure": float(sum(signal.exposure for signal in made) / len(made)) if made else 0.0,
            **{f"no signal {symbol}": why for symbol, why in missing.items()},
            **{f"{s.strategy} {s.symbol}": f"{s.exposure} ({s.reason})" for s in made},
        }
    )


def _rows(at: Desk, bar: datetime, now: datetime) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Return per symbol all that is known at the close of `bar`, and why for the symbols of which too little is."""
    end = bar + at.timeframe.delta
    tables = {
        "candle": ("market.candles", at.candles),
        "features": ("features.technical_features", at.series),
        "forecast": ("forecasts.price_forecasts", at.series),
        "regime": ("forecasts.market_regimes", at.series),
    }
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for name, (table, where) in tables.items():
        frame = at.store.read(table, where, bar, end, as_of=now)
        found[name] = {row["symbol"]: row for row in frame.iter_rows(named=True)}
    known, missing = {}, {}
    for symbol in at.symbols:
        parts = {name: rows.get(symbol, {}) for name, rows in found.items()}
        if not parts["candle"]:
            missing[symbol] = f"no bar at {bar.isoformat()}"
        elif parts["features"].get("volatility_24") in (None, 0.0):
            missing[symbol] = "volatility is not known: too little history, or a market that does not move"
        else:
            known[symbol] = parts
    return known, missing


def _signals(at: Desk, name: str, bar: datetime, now: datetime, rows: dict[str, dict[str, Any]]) -> list[Signal]:
    from trading.strategies.registry import parameters as chosen
    from trading.strategies.registry import strategy

    values = chosen(name, {})
    with at.database.transaction() as connection:
        version = parameters.ensure_strategy(connection, name, values, "tradewind", "defaults")
        table = "price_models" if name == "follow_forecast" else "rule_models"
        model_id = registry.newest(connection, table, at.book)["model_id"]
    held = signals.holdings(at.database, at.book)
    made = []
    for symbol, parts in rows.items():
        row = _strategy_row(parts, held.get((name, symbol)))
        desire = strategy(name)(row, values)
        made.append(_signal(at, name, symbol, bar, now, parts, desire, model_id, version))
    return made


def _strategy_row(parts: Mapping[str, Any], held: tuple[Decimal, Decimal] | None) -> dict[str, Any]:
    close = parts["candle"]["close"]
    base, quote = (float(part) for part in held) if held is not None else (0.0, 0.0)
    equity = base * close + quote
    exposure = base * close / equity if equity > 0 else 0.0
    return {
        **parts["features"],
        "close": close,
        "expected_return": parts["forecast"].get("expected_return"),
        "sigma": parts["forecast"].get("sigma"),
        "regime": parts["regime"].get("regime"),
        "held_exposure": exposure if exposure >= _REMAINDER else 0.0,
    }


def _signal(
    at: Desk,
    strategy: str,
    symbol: str,
    bar: datetime,
    now: datetime,
    parts: Mapping[str, Any],
    desire: Desire,
    model_id: str,
    version: int,
) -> Signal:
    identity = (at.book, strategy, at.venue, symbol, str(at.timeframe), bar)
    return Signal(
        digest(identity)[:32],
        at.book,
        strategy,
        at.venue,
        symbol,
        str(at.timeframe),
        bar,
        now,
        bar + 2 * at.timeframe.delta,
        desire.exposure,
        desire.stop,
        Decimal(repr(parts["features"]["volatility_24"])).quantize(_PLACES),
        Decimal(repr(parts["candle"]["close"])),
        desire.reason,
        Lineage(
            at.run_id,
            at.code_version,
            model_id,
            _content_hash(parts["features"]),
            _content_hash(parts["candle"]),
            version,
            _content_hash(parts["forecast"]) if parts["forecast"] else None,
            parts["regime"].get("regime"),
        ),
    )


def _content_hash(row: Mapping[str, Any]) -> str:
    """Return the hash of a stored row without the marks of the run that wrote it."""
    return digest({name: value for name, value in row.items() if name not in ("run_id", "code_version")})
