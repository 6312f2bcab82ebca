"""The newcomer's map: every asset module in the order of the data flow, and what they are given."""

import dagster as dg

from assets.checks import drift, expectations, incremental
from assets.features import (
    chart_patterns,
    correlations,
    custom_features,
    depth_features,
    news_features,
    technical_features,
    volume_profiles,
)
from assets.forecasts import market_regimes, price_forecasts, sentiment_scores
from assets.market import candles, funding_rates, instruments, listings
from assets.news import articles, macro_series, social_posts
from assets.partitions import HISTORY
from assets.portfolio import equity_curve, positions
from assets.reports import (
    attribution,
    compliance_report,
    daily_performance,
    regulatory_report,
    risk_report,
    tax_report,
    trade_journal,
)
from assets.resources import DeskResource
from assets.signals import published_signals, strategy_signals
from assets.training import price_models, regime_models, rule_models, sentiment_models
from assets.upkeep import archive_files
from pipelines import jobs, schedules, sensors

__all__ = ["HISTORY", "defs"]

ASSETS = [
    instruments,
    candles,
    listings,
    funding_rates,
    articles,
    social_posts,
    macro_series,
    technical_features,
    chart_patterns,
    volume_profiles,
    depth_features,
    correlations,
    custom_features,
    price_models,
    regime_models,
    rule_models,
    price_forecasts,
    market_regimes,
    sentiment_models,
    sentiment_scores,
    news_features,
    strategy_signals,
    published_signals,
    positions,
    equity_curve,
    daily_performance,
    compliance_report,
    regulatory_report,
    risk_report,
    attribution,
    trade_journal,
    tax_report,
    archive_files,
]

defs = dg.Definitions(
    assets=dg.load_assets_from_modules(ASSETS),
    asset_checks=dg.load_asset_checks_from_modules([drift, expectations, incremental]),
    jobs=jobs.ALL,
    schedules=schedules.ALL,
    sensors=sensors.ALL,
    resources={"desk": DeskResource()},
    # Starting a process per step costs seconds each on a laptop; the steps of a run are quick and share their imports.
    executor=dg.in_process_executor,
)
