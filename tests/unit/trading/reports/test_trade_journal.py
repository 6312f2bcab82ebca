"""The document of a trade journal: figures by hand, unknown ones told as not known."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from trading.audit import canonical
from trading.performance.period import Period
from trading.performance.trade_journal import Entry, Excursion
from trading.reports.trade_journal import Day, Told, document, within
from trading.timeframe import Timeframe

START = datetime(2024, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
D = Decimal
WON = Entry("s", "A/Q", START, START + 6 * HOUR, D(2), D(100), D(112), D(200), D(224), D(3), "in", ("in",), "out", 2)
LOST = replace(WON, strategy="t", closed=START + 30 * HOUR, worth=D(188), exit_price=D(94))
HELD = replace(WON, closed=None, exit_order=None, exit_price=None, worth=D("0.05"), cost=D("0.04"), quantity=D("0.001"))
OPENING: dict[str, Any] = {
    "signal_reason": "<b>rise</b>",
    "exposure": D("0.5"),
    "expected_return": 0.25,
    "model_id": "m" * 64,
    "features": {"rsi_14": 61.5, "adx_14": None},
}
NOTE = {"note_id": 3, "client_id": "out", "at": START, "author": "ann", "note": "=1+1 <script>x</script>", "book": "b"}


def told() -> dict[str, Any]:
    """Return the document of the second day of a small book, as it is filed."""
    span = Period(START, START + 24 * HOUR, START + 48 * HOUR, Timeframe.parse("1h"))
    lost = Told(LOST, Excursion(D(-20), D(5)), OPENING, {"leg": "stop"}, ("rsi_14", "close"), [NOTE])
    held = Told(HELD, Excursion(D(-1), D(1)), {}, {}, (), [])
    day = Day("b", "2024-03-02", "v", "Q", ["A/Q"], span, D(1000), [lost, held], [WON], {"q": "select 1"}, "0")
    return json.loads(canonical(document(day)))


def test_figures_by_hand() -> None:
    found = told()
    (row,) = found["closed"]
    assert (row["pnl"], row["pnl_fraction"], row["days"]) == ("-12", "-0.06", "1.25")
    assert (row["mae"], row["mae_fraction"], row["mfe"], row["mfe_fraction"]) == ("-20", "-0.1", "5", "0.025")
    assert (row["exit_leg"], row["regime"], row["read"], row["side"]) == ("stop", None, ["rsi_14"], "LONG")
    assert row["notes"][0]["author"] == "ann"
    (held,) = found["open"]
    assert (held["remainder"], held["mae"], held["exit_order"], held["days"]) == (True, "-1", None, "2")
    day, ever = found["headline"]["day"], found["headline"]["since_start"]
    assert (day["entries"], day["win_rate"], day["profit_factor"], day["mean_won"]) == (1, "0", "0", None)
    assert (ever["entries"], ever["pnl"], ever["win_rate"], ever["profit_factor"]) == (2, "12", "0.5", "2")
    assert [row["name"] for row in found["by_strategy"]] == ["s", "t"]


def test_an_entry_without_a_price_has_no_excursion() -> None:
    span = Period(START, START, START + HOUR, Timeframe.parse("1h"))
    unpriced = Told(replace(HELD, entry_price=None), None, {}, {}, (), [])
    (row,) = document(Day("b", "d", "v", "Q", [], span, D(0), [unpriced], [], {}, "0"))["open"]
    assert [row[name] for name in ("entry_price", "mae", "mae_fraction", "mfe", "mfe_fraction")] == [None] * 5


def test_nothing_closed_is_not_known_rather_than_zero() -> None:
    span = Period(START, START, START + HOUR, Timeframe.parse("1h"))
    empty = json.loads(canonical(document(Day("b", "d", "v", "Q", [], span, D(0), [], [], {}, "0"))))
    record = empty["headline"]["day"]
    assert [record[name] for name in ("win_rate", "mean_pnl", "profit_factor", "mean_days")] == [None] * 4


def test_what_was_closed_before_is_past() -> None:
    assert within([WON, LOST, HELD], START + 24 * HOUR) == ([WON], [LOST, HELD])
    assert within([WON], START + 6 * HOUR) == ([WON], [])
