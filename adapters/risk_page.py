"""A risk report as a page, a document and a table: every number exact, in its tooltip or as text."""

import csv
import io
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from adapters.bars import draw_bars
from adapters.chart import draw
from adapters.loss_bars import draw_losses
from adapters.page import environment, series

#: So many scenarios of a kind are drawn and shown on the page; the document has them all.
SHOWN = 12
_COLUMNS = ("section", "item", "figure", "value")


def page(document: Mapping[str, Any]) -> str:
    """Return the HTML page of a risk report (plain JSON values, amounts as decimal text) with its `document_hash`.

    The page is whole in itself: no script, no request to anywhere. Equal documents give equal bytes.
    """
    template = environment(document["headline"]["equity"]).get_template("risk_report.html")
    return template.render(**document, charts=_charts(document), shown=SHOWN)


def figures_csv(document: Mapping[str, Any]) -> str:
    """Return every figure of a risk report as a line of section, item, figure and value; nothing where not known."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for section in ("headline", "value_at_risk", "parts", "backtest", "stress", "concentration", "liquidity"):
        writer.writerows(_lines(section, "", document[section]))
    for section in ("exposure", "drawdown", "correlation", "limits"):
        writer.writerows(_lines(section, "", document[section]))
    return written.getvalue()


def _lines(section: str, item: str, value: Any) -> Iterator[tuple[str, str, str, str]]:
    """Yield a line for each value within `value`; an item is the way to it: names, or places in a list."""
    inner = value.items() if isinstance(value, Mapping) else enumerate(value)
    for name, each in inner:
        if isinstance(each, Mapping | list):
            label = _name(each) or str(name)
            yield from _lines(section, f"{item}/{label}" if item else label, each)
        else:
            yield section, item, str(name), "" if each is None else str(each)


def _name(value: Any) -> str:
    """Return what a row calls itself."""
    if not isinstance(value, Mapping):
        return ""
    said = [str(value[key]) for key in ("name", "strategy", "symbol", "level", "days", "method") if key in value]
    return " ".join(said)


def _charts(document: Mapping[str, Any]) -> dict[str, Any]:
    ranges = [(_bound(row["low"]), _bound(row["high"]), row["count"]) for row in document["distribution"]["ranges"]]
    points = document["backtest"][0]["points"]
    stress = document["stress"]
    return {
        "distribution": draw_bars(ranges),
        "backtest": draw(series(points, "result"), baseline=0.0, height=220, against=series(points, "value_at_risk")),
        "stress": draw_losses(
            [
                (row["name"], float(Decimal(row["profit_pct"])))
                for kind in ("hypothetical", "remembered", "historical")
                for row in stress[kind][:SHOWN]
                if row["profit_pct"] is not None and Decimal(row["profit_pct"]) != 0
            ]
        ),
    }


def _bound(value: str | None) -> float | None:
    return None if value is None else float(value)
