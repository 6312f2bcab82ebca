"""The few jobs, named by their outcome."""

import dagster as dg


def _assets(*names: str) -> dg.AssetSelection:
    return dg.AssetSelection.assets(*(dg.AssetKey(name.split("/")) for name in names))


def _check(asset: str, name: str) -> dg.AssetSelection:
    return dg.AssetSelection.checks(dg.AssetCheckKey(dg.AssetKey(asset.split("/")), name))


#: Drift shows over days: it is looked for when the day is valued, not with every bar.
_DRIFT = _check("forecasts/price_forecasts", "drift")
#: The whole history bar by bar takes many times as long as at once: it is walked through once a day.
_INCREMENTAL = _check("features/technical_features", "incremental")
#: Great Expectations takes seconds to load: it has its turn when the day is valued too.
_SLOW_CHECKS = _DRIFT | _INCREMENTAL | _check("market/candles", "expectations")


#: History in, models trained: once per book, over all of its history at once.
bootstrap = dg.define_asset_job(
    "bootstrap",
    _assets(
        "market/instruments",
        "market/candles",
        "features/technical_features",
        "training/price_models",
        "training/regime_models",
        "training/rule_models",
        "forecasts/price_forecasts",
        "forecasts/market_regimes",
    )
    - _SLOW_CHECKS,
    description="Load the whole history of a book, compute its features and train its models.",
)

#: One bar in, signals out: at every close of a bar.
intraday = dg.define_asset_job(
    "intraday",
    _assets(
        "market/candles",
        "features/technical_features",
        "forecasts/price_forecasts",
        "forecasts/market_regimes",
        "signals/strategy_signals",
    )
    - _SLOW_CHECKS,
    description="Take the newest closed bar through features and forecasts to signals.",
)

#: What rests on bars that came late, from their day on: only what differs is written.
recompute = dg.define_asset_job(
    "recompute",
    _assets(
        "features/technical_features",
        "features/chart_patterns",
        "features/volume_profiles",
        "features/correlations",
        "features/custom_features",
    )
    - _INCREMENTAL,
    description="Compute the features anew from the day of late or revised candles on; what has not changed stays.",
)

#: The day valued and told: after its last bar.
daily = dg.define_asset_job(
    "daily",
    _assets(
        "market/candles",
        "signals/published_signals",
        "portfolio/positions",
        "portfolio/equity_curve",
        "reports/daily_performance",
        "reports/attribution",
        "reports/trade_journal",
        "reports/compliance_report",
        "reports/regulatory_report",
        "reports/risk_report",
    )
    | _DRIFT,
    description="Value the book at the newest close and write the reports of the day.",
)

#: What no signal waits for: each asset computes from the start of the history, so it has its turn once a day.
studies = dg.define_asset_job(
    "studies",
    _assets(
        "features/chart_patterns",
        "features/volume_profiles",
        "features/correlations",
        "features/custom_features",
        "features/depth_features",
    )
    | _INCREMENTAL,
    description="Compute patterns, profiles, correlations, own indicators, depth of a day; check features bar by bar.",
)

#: Models trained anew on all that is known by now.
training = dg.define_asset_job(
    "training",
    _assets("training/price_models", "training/regime_models", "training/rule_models"),
    description="Train the models of the book on its history up to now.",
)

#: The year so far as the tax office sees it, and proven against the ledger.
taxes = dg.define_asset_job(
    "taxes",
    _assets("reports/tax_report"),
    description="Tell the tax year of the book up to now by the rules of the country in the settings.",
)

#: The database kept small and quick: old rows archived or deleted, rollups refreshed.
upkeep = dg.define_asset_job(
    "upkeep",
    _assets("upkeep/archive_files"),
    description="Archive and delete what the retention policies say is due, and refresh the rollups.",
)

#: What is told besides prices: asked of every declared source that is due.
sources = dg.define_asset_job(
    "sources",
    _assets(
        "news/articles",
        "news/social_posts",
        "news/macro_series",
        "market/funding_rates",
        "market/listings",
        "training/sentiment_models",
        "forecasts/sentiment_scores",
        "features/news_features",
    ),
    description="Visit the declared sources of news, posts, series, funding, and venues; judge what is told.",
)

ALL = [bootstrap, intraday, daily, training, upkeep, sources, recompute, taxes, studies]
