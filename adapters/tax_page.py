"""A tax report as a page and as a table: every number exact, in its tooltip or as text."""

import csv
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext
from typing import Any

from adapters.page import Row, environment
from trading.money import CONTEXT, ZERO, text

#: So many disposals of a coin are shown on the page; the table has them all.
SHOWN = 200
_COLUMNS = (
    "disposal", "ts", "day", "book", "venue", "asset", "kind", "taxable", "lot", "rule", "acquired", "days", "term",
    "quantity", "proceeds", "fee", "cost", "gain",
)  # fmt: skip


def page(document: Mapping[str, Any]) -> str:
    """Return the HTML page of a tax report (plain JSON values, amounts as decimal text) with its `document_hash`.

    The page is whole in itself: no script, no request to anywhere. Equal documents give equal bytes.
    """
    template = environment("100").get_template("tax_report.html")
    return template.render(**document, coins=_coins(document["disposals"]), shown=SHOWN)


def disposals_csv(document: Mapping[str, Any]) -> str:
    """Return one line for each part of a disposal and the lot it came from; amounts as exact decimal text."""
    written = io.StringIO()
    writer = csv.DictWriter(written, _COLUMNS, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    for disposal in document["disposals"]:
        for part in disposal["lots"]:
            writer.writerow({**disposal, **part, "disposal": disposal["id"]})
    return written.getvalue()


def _coins(disposals: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the disposals by coin with their sums, the coin that gained or lost most first."""
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in disposals:
        grouped[row["asset"]].append(row)
    with localcontext(CONTEXT):
        coins = [
            {
                "asset": asset,
                "rows": rows,
                "moved": sum((abs(Decimal(row["gain"])) for row in rows), ZERO),
                **{
                    name: text(sum((Decimal(row[name]) for row in rows), ZERO))
                    for name in ("quantity", "proceeds", "fee", "cost", "gain")
                },
            }
            for asset, rows in grouped.items()
        ]
    return sorted(coins, key=lambda coin: (-coin["moved"], coin["asset"]))
