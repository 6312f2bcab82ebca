"""The naive forecasts that every model is measured against, as models of the same form."""

import json
import math

import polars as pl

from models.features import data_hash
from models.model import Model, build, finite, need_columns, verify
from trading.errors import BadData

KIND = "naive_mean_return"


def fit(frame: pl.DataFrame, horizon: int) -> Model:
    """Return the model that always expects the mean label per symbol.

    Args:
        frame: symbol, ts and label (log return over `horizon` bars); rows with a null label are left out.
        horizon: bars that the label spans.

    """
    need_columns(frame, ("symbol", "ts", "label"), KIND)
    rows = frame.filter(finite(["label"])).select("symbol", "ts", "label")
    if rows.is_empty():
        raise BadData(f"{KIND}: no row has a label")
    means = rows.group_by("symbol").agg(mean=pl.col("label").mean(), sigma=pl.col("label").std()).sort("symbol")
    table = {symbol: [mean, sigma or 0.0] for symbol, mean, sigma in means.iter_rows()}
    return build(
        kind=KIND,
        features=(),
        params={"horizon": horizon},
        seed=0,
        trained_from=rows.select(pl.col("ts").min()).item(),
        trained_to=rows.select(pl.col("ts").max()).item(),
        data_hash=data_hash(rows),
        scores={"rows_trained": float(rows.height), "rows_dropped": float(frame.height - rows.height)},
        artefact=json.dumps(table, sort_keys=True),
    )


def predict(model: Model, frame: pl.DataFrame) -> pl.DataFrame:
    """Return symbol, ts, expected_return, sigma (log returns over the horizon); unknown symbols are left out."""
    verify(model, KIND)
    need_columns(frame, ("symbol", "ts"), KIND)
    table: dict[str, list[float]] = json.loads(model.artefact)
    known = {symbol: pair for symbol, pair in table.items() if all(math.isfinite(number) for number in pair)}
    symbols = list(known)
    forecasts = pl.DataFrame(
        {
            "symbol": symbols,
            "expected_return": [known[symbol][0] for symbol in symbols],
            "sigma": [known[symbol][1] for symbol in symbols],
        },
        schema={"symbol": pl.String, "expected_return": pl.Float64, "sigma": pl.Float64},
    )
    return frame.select("symbol", "ts").join(forecasts, on="symbol", how="inner").sort("symbol", "ts")
