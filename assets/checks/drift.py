"""The drift of the model in force: features, errors and losses not as promised close gates, or end its term."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg
import polars as pl

from adapters.store import feature_ranges, model_states
from assets import model_registry
from assets.partitions import window
from assets.resources import Desk, DeskResource
from trading.errors import BadData
from trading.market.finding import Finding

if TYPE_CHECKING:
    from models.model import Model

#: Its forecasts of so many days say whether it loses.
_TERM = timedelta(days=60)
#: What each way costs where the loss of a model is judged.
_FEE = 0.001


@dataclass(frozen=True)
class _Seen:
    """What is compared: its features, forecasts and labels of recent bars, and the panel that they are about."""

    features: pl.DataFrame
    outcomes: pl.DataFrame
    panel: pl.DataFrame


@dg.asset_check(asset=dg.AssetKey(["forecasts", "price_forecasts"]), name="drift")
def forecasts_are_as_promised(context: dg.AssetCheckExecutionContext, desk: DeskResource) -> dg.AssetCheckResult:
    """Features against those of the training (PSI, KS), errors against the bands, earnings against nothing.

    A symbol whose features have drifted, or whose forecasts are further off than promised, has its gate closed until
    they are not: no new risk, exits pass. A model that has drifted on most symbols, or loses after costs with
    confidence, is retired, and its book has no forecast until another is promoted.
    """
    from models import drift

    with desk.open(context) as at:
        now = at.clock.now()
        _, end = window(context, now)
        last_open = at.timeframe.open_of(end) - at.timeframe.delta
        try:
            model = model_registry.champion(at)
            seen = _seen(at, model, end, now)
            with at.database.transaction() as connection:
                known = feature_ranges.read(connection, at.book, model.model_id)
        except BadData as error:
            return _result(passed=False, metadata={"not judged": str(error)})
        measured = {s: drift.measure(known, seen.features.filter(pl.col("symbol") == s)) for s in at.symbols}
        found = {symbol: _findings(model, measured[symbol], seen, symbol, last_open) for symbol in at.symbols}
        with at.database.transaction() as connection:
            for symbol, findings in found.items():
                at.judge(connection, symbol, findings, now, last_open, domain="drift")
        ended = _end_term(at, model, found, seen, now)
    reasons = {symbol: "; ".join(f.detail for f in findings) for symbol, findings in found.items() if findings}
    return _result(
        passed=not reasons and ended is None,
        metadata={
            "model": model.model_id[:16],
            "features judged": known.height,
            **({"retired": ended} if ended else {}),
            **{f"plot of drift {symbol}": _plot(each) for symbol, each in measured.items() if not each.is_empty()},
            **reasons,
        },
    )


def _result(*, passed: bool, metadata: dict[str, Any]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=passed, severity=dg.AssetCheckSeverity.WARN, metadata=metadata)


def _seen(at: Desk, model: "Model", end: datetime, now: datetime) -> _Seen:
    """Read what is compared; BadData when a feature of the model is not stored any more."""
    from models.drift import WINDOW
    from models.labels import forward_return

    missing = sorted(set(model.features) - set(at.store.layout("features.technical_features").columns))
    if missing:
        raise BadData(f"model {model.model_id}: features.technical_features has no column {', '.join(missing)}")
    since = end - 2 * WINDOW * at.timeframe.delta
    features = at.store.read(
        "features.technical_features", at.series, since, end, as_of=now, columns=["symbol", "ts", *model.features]
    )
    start = min(since, end - _TERM)
    told = at.store.read("forecasts.price_forecasts", at.series, start, end, as_of=now)
    own = told.filter((pl.col("model_id") == model.model_id) & (pl.col("ts") > model.trained_to))
    panel = at.store.read("market.candles", at.candles, start, end, as_of=now, columns=["symbol", "ts", "close"])
    labels = forward_return(panel, at.timeframe, int(model.params["horizon"]))
    outcomes = own.select("symbol", "ts", "expected_return", "sigma").join(
        labels.select("symbol", "ts", "label"), on=["symbol", "ts"], how="left"
    )
    return _Seen(features, outcomes.sort("symbol", "ts"), panel)


def _findings(model: "Model", measured: pl.DataFrame, seen: _Seen, symbol: str, last_open: datetime) -> list[Finding]:
    from models import drift

    own = seen.outcomes.filter(pl.col("symbol") == symbol).drop_nulls("label").tail(drift.WINDOW)
    told = {
        "feature drift": drift.of_features(measured),
        "forecast drift": drift.of_forecasts(own, model.scores, int(model.params["horizon"])),
    }
    first = own["ts"].min() if own.height else last_open
    since = first if isinstance(first, datetime) else last_open
    return [Finding(name, True, 1, since, last_open, why) for name, why in told.items() if why]


def _end_term(at: Desk, model: "Model", found: dict[str, list[Finding]], seen: _Seen, now: datetime) -> str | None:
    """Retire the model where it has drifted on most symbols or loses; return why, None where it stays."""
    from models.promotion import loses

    drifted = sorted(symbol for symbol, findings in found.items() if findings)
    if len(drifted) * 2 > len(at.symbols) and len(drifted) > 1:
        why = f"drifted on {', '.join(drifted)}: {found[drifted[0]][0].detail}"
    else:
        why = loses(seen.outcomes, seen.panel, _FEE, at.seed)
    if why is not None:
        with at.database.transaction() as connection:
            model_states.put(connection, at.book, model.model_id, "retired", model_states.ITSELF, why, now)
    return why


def _plot(measured: pl.DataFrame) -> dg.MarkdownMetadataValue:
    from adapters.bar_image import markdown

    worst = measured.with_columns(share=pl.col("psi") / pl.col("psi_limit")).sort("share", descending=True).head(12)
    return dg.MetadataValue.md(
        markdown("PSI as a share of its limit", dict(worst.select("feature", "share").iter_rows()))
    )
