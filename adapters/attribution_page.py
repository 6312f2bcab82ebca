"""The attribution as a page and as a table: every number exact, in its tooltip or as text."""

import csv
import io
from collections.abc import Mapping
from typing import Any

from adapters.page import environment
from adapters.waterfall import Waterfall, waterfall
from trading.performance.pnl_parts import NAMES

_COLUMNS = (
    "ts", "strategy", "symbol", "leg", "quantity", "signal_price", "arrival_price", "price", "timing", "slippage",
    "fee_quote", "fee", "fee_currency", "regime", "trade_id", "client_id", "signal_id",
)  # fmt: skip


def page(document: Mapping[str, Any]) -> str:
    """Return the HTML page of an attribution (plain JSON values, amounts as decimal text) with its `document_hash`.

    The page is whole in itself: no script, no request to anywhere. Equal documents give equal bytes.
    """
    template = environment("100").get_template("attribution.html")
    charts = {span: _chart(document["total"][span]) for span in ("day", "since_start")}
    return template.render(**document, names=NAMES, charts=charts)


def fills_csv(document: Mapping[str, Any]) -> str:
    """Return the fills of the day with their costs as CSV with a header line; amounts as exact decimal text."""
    written = io.StringIO()
    writer = csv.DictWriter(written, _COLUMNS, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(document["fills"])
    return written.getvalue()


def _chart(parts: Mapping[str, str]) -> Waterfall:
    return waterfall([(name, parts[name]) for name in NAMES], parts["total"])
