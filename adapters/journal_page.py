"""A trade journal as a page and as a table: every number exact, what people wrote escaped."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from adapters.page import Row, environment, plain

#: So many entries are shown on the page; the table has them all.
SHOWN = 200
_COLUMNS = (
    "strategy", "symbol", "side", "opened", "closed", "days", "quantity", "entry_price", "exit_price", "cost", "worth",
    "fees", "pnl", "pnl_fraction", "mae", "mae_fraction", "mfe", "mfe_fraction", "signal_reason", "exposure",
    "expected_return", "forecast_sigma", "model_kind", "model_id", "strategy_version", "regime", "verdict",
    "decision_reason", "limits_version", "exit_leg", "exit_signal_reason", "exit_decision_reason",
    "exit_decided_because", "fills", "entry_order", "exit_order", "notes",
)  # fmt: skip
#: Spreadsheets take what begins like this for a formula; what people write must not become one.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Span:
    """How far the price went against an entry and in its favour, and what came of it: px on a line `width` wide."""

    width: float
    zero: float
    low: float
    high: float
    end: float


def page(document: Mapping[str, Any]) -> str:
    """Return the HTML page of a trade journal (plain JSON values, amounts as decimal text) with its `document_hash`.

    The page is whole in itself: no script, no request to anywhere. Equal documents give equal bytes.
    """
    setting = environment("100")
    setting.filters["mean_price"] = _mean_price
    template = setting.get_template("trade_journal.html")
    rows = [*document["closed"], *document["open"]]
    spans = _spans(rows)
    drawn = {part: [(row, spans[id(row)]) for row in document[part]] for part in ("closed", "open")}
    return template.render(**document, drawn=drawn, shown=SHOWN)


def entries_csv(document: Mapping[str, Any]) -> str:
    """Return closed and open entries as CSV with a header line; amounts as exact decimal text."""
    written = io.StringIO()
    writer = csv.DictWriter(written, _COLUMNS, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    for row in (*document["closed"], *document["open"]):
        notes = "\n".join(f"{one['author']}: {one['note']}" for one in row["notes"])
        writer.writerow({**row, "notes": f"'{notes}" if notes.startswith(_FORMULA) else notes})
    return written.getvalue()


def _mean_price(value: str | None) -> str:
    """Return a price with eight digits: what more a mean has of them, the market has not."""
    return plain(value if value is None else f"{Decimal(value):.8g}")


def _spans(rows: Sequence[Row], width: float = 120.0) -> dict[int, Span | None]:
    """Return the spans of `rows` on one scale, by the identity of the row; None where there is nothing to draw."""
    known = [row for row in rows if None not in (row["mae_fraction"], row["pnl_fraction"]) and not row["remainder"]]
    ends = [float(Decimal(row[name])) for row in known for name in ("mae_fraction", "mfe_fraction", "pnl_fraction")]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    scale = (width - 8) / ((high - low) or 1.0)

    def at(value: str) -> float:
        return round(4 + (float(Decimal(value)) - low) * scale, 1)

    found: dict[int, Span | None] = {id(row): None for row in rows}
    for row in known:
        places = (at(row[name]) for name in ("mae_fraction", "mfe_fraction", "pnl_fraction"))
        found[id(row)] = Span(width, at("0"), *places)
    return found
