"""What Dagster shows, written down: a change here is a change of the catalogue."""

import subprocess
import sys

import pytest

#: Libraries that cost seconds or hundreds of megabytes, paid again by every run and every restart.
HEAVY = {
    "ccxt",
    "confluent_kafka",
    "duckdb",
    "feedparser",
    "great_expectations",
    "jinja2",
    "lightgbm",
    "numba",
    "pandas",
    "polars_talib",
    "rapidfuzz",
    "scipy",
    "sklearn",
    "xmlschema",
}


def imported_by(module: str) -> set[str]:
    code = f"import {module}, sys; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def test_assets_jobs_and_checks_are_these():
    from pipelines.definitions import defs

    graph = defs.resolve_asset_graph()
    assert {key.to_user_string() for key in graph.get_all_asset_keys()} == {
        "features/chart_patterns",
        "features/correlations",
        "features/custom_features",
        "features/depth_features",
        "features/news_features",
        "features/technical_features",
        "features/volume_profiles",
        "forecasts/market_regimes",
        "forecasts/price_forecasts",
        "forecasts/sentiment_scores",
        "market/candles",
        "market/funding_rates",
        "market/instruments",
        "market/listings",
        "news/articles",
        "news/macro_series",
        "news/social_posts",
        "portfolio/equity_curve",
        "portfolio/positions",
        "reports/attribution",
        "reports/compliance_report",
        "reports/daily_performance",
        "reports/regulatory_report",
        "reports/risk_report",
        "reports/tax_report",
        "reports/trade_journal",
        "signals/published_signals",
        "signals/strategy_signals",
        "training/price_models",
        "training/regime_models",
        "training/rule_models",
        "training/sentiment_models",
        "upkeep/archive_files",
    }
    assert {key.to_user_string() for key in graph.asset_check_keys} == {
        "features/technical_features:incremental",
        "forecasts/price_forecasts:drift",
        "market/candles:complete",
        "market/candles:expectations",
        "market/candles:fresh",
        "market/candles:sound",
        "market/listings:fresh",
        "market/listings:sound",
        "market/funding_rates:fresh",
        "market/funding_rates:sound",
        *(
            f"news/{name}:{check}"
            for name in ("articles", "macro_series", "social_posts")
            for check in ("fresh", "sound")
        ),
    }
    names = {job.name for job in defs.resolve_all_job_defs() if not job.name.startswith("__")}
    assert names == {"bootstrap", "intraday", "daily", "training", "upkeep", "sources", "recompute", "taxes", "studies"}


def test_every_asset_has_a_group_named_like_its_schema_kinds_and_a_description():
    from pipelines.definitions import defs

    graph = defs.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.group_name == key.path[0]
        assert node.kinds
        assert node.description


def test_definitions_load_without_heavy_libraries():
    assert imported_by("pipelines.definitions") & HEAVY == set()


@pytest.mark.parametrize("service", ["execution", "publisher", "guard"])
def test_services_load_without_dagster_and_heavy_libraries(service):
    assert imported_by(f"services.{service}.main") & {*HEAVY, "dagster", "models", "assets"} == set()
