"""The asset reports/tax_report: the same bytes for the same facts, by the rules of its config."""

import json
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from adapters.store.database import Database
from assets.reports.tax_report import tax_report
from assets.resources import DeskResource
from tests.integration.assets.traded_book import BOOK, HOUR, START, trade
from trading.errors import Misconfigured
from trading.order import Side

pytestmark = [
    # Dagster calls what pydantic has deprecated.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster.*"),
]


def materialise(year: str, **rules: Any) -> dict[str, Any]:
    run_config = {"ops": {"reports__tax_report": {"config": rules}}}
    resources = {"desk": DeskResource()}
    done = dg.materialize([tax_report], partition_key=year, resources=resources, run_config=run_config)
    (event,) = done.get_asset_materialization_events()
    return {name: value.value for name, value in event.materialization.metadata.items()}


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "reports" / BOOK).iterdir())}


@pytest.fixture
def sold(book: Database) -> Database:
    trade(book, 1, START, "BTC/USDT", Side.BUY, "0.3", "61234.57", "far below its mean")
    trade(book, 2, START + 4 * HOUR, "BTC/USDT", Side.SELL, "0.1", "61999.99", "at midnight")
    return book


def test_a_year_is_told_twice_without_a_trace(sold: Database, tmp_path: Path) -> None:
    first = materialise("2024")
    written = files(tmp_path)
    document = json.loads(written["tax-2024-generic-fifo-usdt.json"])
    assert len(written) == 5
    assert (document["currency"], document["method"], document["headline"]["disposals"]) == ("USDT", "fifo", 2)
    # Sold for 6199.999 less 6.199999, the fee in kind for its worth, 18.370371; each unit had cost 61295.80457.
    assert document["headline"]["net"] == "64.200173629"
    assert materialise("2024") == first
    assert files(tmp_path) == written


def test_the_rules_are_those_of_its_config(sold: Database, tmp_path: Path) -> None:
    told = materialise("2024", country="us", method="hifo", pars={"USDT": "USD"}, zone="America/New_York")
    assert told["currency"] == "USD"
    assert "USDT is counted as one USD" in told["assumed"]
    assert "tax-2024-us-hifo-usd.html" in files(tmp_path)
    with pytest.raises(Misconfigured, match="what a USDT was worth in USD at 2024-03-01 20:00:00 UTC is not known"):
        materialise("2024", country="us")
    with pytest.raises(Misconfigured, match="UK does not allow hifo"):
        materialise("2024", country="uk", method="hifo")
