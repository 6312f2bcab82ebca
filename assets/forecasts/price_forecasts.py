"""Asset forecasts/price_forecasts: what the price model in force expects of each bar."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import dagster as dg
import polars as pl

from assets import model_registry
from assets.partitions import DAILY, window
from assets.resources import Desk, DeskResource
from trading.errors import BadData

if TYPE_CHECKING:
    from models.model import Model


@dg.asset(
    key_prefix="forecasts",
    group_name="forecasts",
    kinds={"lightgbm", "postgres"},
    deps=[dg.AssetKey(["features", "technical_features"]), dg.AssetKey(["training", "price_models"])],
    partitions_def=DAILY,
)
def price_forecasts(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """Expected log return over the model's horizon and its standard error, per symbol and bar (ts = open time UTC).

    The champion tells all symbols but the first, where a canary tells that one. Where no model is in force, or it is
    damaged or misses a feature, there is no forecast and the metadata say why; an older one is never used again. What
    models in shadow and canary tell of all symbols is kept in forecasts.shadow_forecasts. The bootstrap covers the last
    day of the history only: forecasts of bars the model was trained on prove nothing.
    """
    with desk.open(context) as at:
        now = at.clock.now()
        start, end = window(context, now)
        span = (start or at.timeframe.open_of(now) - 24 * at.timeframe.delta, end)
        canaries = model_registry.in_state(at, "canary")
        forecasts, why = _in_force(at, canaries, span, now)
        written = at.store.write("forecasts.price_forecasts", forecasts, now)
        watched = _watched(at, [*canaries, *model_registry.in_state(at, "shadow")], span, now)
    latest = forecasts.group_by("symbol").agg(pl.col("expected_return").sort_by("ts").last()).sort("symbol")
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": forecasts.height,
            "rows written": written,
            "model": ", ".join(sorted({model_id[:16] for model_id in forecasts["model_id"]})),
            **{f"no forecast {symbol}": reason for symbol, reason in why.items()},
            **{f"shadow {model_id[:16]}": said for model_id, said in watched.items()},
            **{f"expected return {symbol}, bp": round(value * 1e4, 2) for symbol, value in latest.iter_rows()},
        }
    )


def _in_force(
    at: Desk, canaries: "Sequence[Model]", span: tuple[datetime, datetime], now: datetime
) -> tuple[pl.DataFrame, dict[str, str]]:
    """Return the rows that are traded on, and by symbol why it has none."""
    tried = at.symbols[:1] if canaries else ()
    rest = tuple(symbol for symbol in at.symbols if symbol not in tried)
    parts, why = [], {}
    for symbols, chosen in ((tried, lambda: canaries[0]), (rest, lambda: model_registry.champion(at))):
        try:
            told = _told(at, chosen(), symbols, span, now) if symbols else None
        except BadData as error:
            why |= dict.fromkeys(symbols, str(error))
            continue
        if told is not None:
            parts.append(told)
            why |= {symbol: "a feature is not known" for symbol in symbols if symbol not in set(told["symbol"])}
    return (pl.concat(parts) if parts else pl.DataFrame(schema=_schema(at))), why


def _watched(at: Desk, models: "Sequence[Model]", span: tuple[datetime, datetime], now: datetime) -> dict[str, str]:
    """Keep what `models` tell of all symbols; return by model how many rows, or why none."""
    said = {}
    for model in models:
        try:
            written = at.store.write("forecasts.shadow_forecasts", _told(at, model, at.symbols, span, now), now)
            said[model.model_id] = f"{written} rows"
        except BadData as error:
            said[model.model_id] = str(error)
    return said


def _told(
    at: Desk, model: "Model", symbols: tuple[str, ...], span: tuple[datetime, datetime], now: datetime
) -> pl.DataFrame:
    """Return what `model` tells of the bars of `symbols` in `span`, as rows of the table; BadData where it cannot."""
    from models.forecast import kinds
    from models.forecast.scaled_return import SCALE

    columns = list(dict.fromkeys(["symbol", "ts", SCALE, *model.features]))
    layout = at.store.layout("features.technical_features")
    missing = sorted(set(columns) - set(layout.columns))
    if missing:
        raise BadData(f"model {model.model_id}: features.technical_features has no column {', '.join(missing)}")
    where = {**at.series, "symbol": symbols}
    features = at.store.read("features.technical_features", where, *span, as_of=now, columns=columns)
    forecasts = kinds.of(model.kind).predict(model, features)
    keys = [pl.lit(value).alias(name) for name, value in at.keys.items()]
    return forecasts.with_columns(
        *keys, model_id=pl.lit(model.model_id), knowledge_ts=pl.col("ts") + at.timeframe.delta
    ).select(list(_schema(at)))


def _schema(at: Desk) -> dict[str, pl.DataType]:
    from trading.candle import TS

    texts = dict.fromkeys((*at.keys, "symbol", "model_id"), pl.String())
    return {**texts, "ts": TS, "knowledge_ts": TS, "expected_return": pl.Float64(), "sigma": pl.Float64()}
