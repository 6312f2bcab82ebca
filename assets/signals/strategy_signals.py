"""Asset signals/strategy_signals: what each strategy desires of each symbol, from the newest closed bar."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import dagster as dg

from adapters.store import model_states, parameters, signals
from adapters.store import models as registry
from assets.partitions import DAILY
from assets.resources import Desk, DeskResource
from trading.audit import digest_row
from trading.signal import Lineage, Signal
from trading.strategies.knowledge import Knowledge, Place, signal

#: Base held and quote owned by a sub-account that has nothing yet.
_NOTHING = (0.0, 0.0)


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

    exposure = wanted share of the sub-account's equity, 0 to 1, null where only quotes change what is held; quotes =
    the limit orders that are to rest, as side, price (quote per base) and the exposure they lead to. Valid until the
    end of the next bar. A symbol whose newest bar or features are missing gets no signal; the metadata say why.
    """
    with desk.open(context) as at:
        now = at.clock.now()
        bar = at.timeframe.open_of(now) - at.timeframe.delta
        rows, missing = _known(at, bar, now)
        made = [signal for name in at.strategies for signal in _signals(at, name, bar, now, rows)]
        new = signals.publish(at.database, made, at.settings.signal_topic)
    exposures = [signal.exposure for signal in made if signal.exposure is not None]
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(made),
            "new signals": new,
            "long": sum(exposure > 0 for exposure in exposures),
            "mean exposure": float(sum(exposures) / len(exposures)) if exposures else 0.0,
            "quotes": sum(len(signal.quotes) for signal in made),
            **{f"no signal {symbol}": why for symbol, why in missing.items()},
            **{f"{s.strategy} {s.symbol}": _said(s) for s in made},
        }
    )


def _said(signal: Signal) -> str:
    wanted = "as held" if signal.exposure is None else str(signal.exposure)
    quotes = f", {len(signal.quotes)} quotes" if signal.quotes else ""
    return f"{wanted}{quotes} ({signal.reason})"


def _known(at: Desk, bar: datetime, now: datetime) -> tuple[dict[str, Knowledge], dict[str, str]]:
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
    rows = {symbol: Knowledge(**{name: told.get(symbol, {}) for name, told in found.items()}) for symbol in at.symbols}
    missing = {symbol: known.lacking for symbol, known in rows.items() if known.lacking}
    return {symbol: known for symbol, known in rows.items() if symbol not in missing}, missing


def _signals(at: Desk, name: str, bar: datetime, now: datetime, rows: Mapping[str, Knowledge]) -> list[Signal]:
    from trading.strategies.registry import parameters as chosen
    from trading.strategies.registry import strategy

    values = chosen(name, at.parameters.get(name, {}))
    with at.database.transaction() as connection:
        version = parameters.ensure_strategy(connection, name, values, "tradewind", "defaults")
        learned = name == "follow_forecast"
        table, kind = ("price_models", None) if learned else ("rule_models", f"rule_{name}")
        in_force = model_states.last_champion(connection, at.book) if learned else None
        model_id = in_force or registry.newest(connection, table, at.book, kind)["model_id"]
    held = {
        owner: (float(base), float(quote)) for owner, (base, quote) in signals.holdings(at.database, at.book).items()
    }
    made = []
    for symbol, known in rows.items():
        desire = strategy(name)(known.row(held.get((name, symbol), _NOTHING), bar, at.timeframe), values)
        place = Place(at.book, name, at.venue, symbol, at.timeframe)
        # A canary may have told what this symbol rests on.
        own = known.forecast.get("model_id", model_id) if learned else model_id
        made.append(signal(place, bar, now, known, desire, _lineage(at, known, own, version)))
    return made


def _lineage(at: Desk, known: Knowledge, model_id: str, version: int) -> Lineage:
    return Lineage(
        at.run_id,
        at.code_version,
        model_id,
        digest_row(known.features),
        digest_row(known.candle),
        version,
        digest_row(known.forecast) if known.forecast else None,
        known.regime.get("regime"),
    )
