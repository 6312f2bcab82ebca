"""The export to rp2: read back it is the same history, and what rp2 cannot say is refused."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.unit.trading.tax.made import KRAKEN, LEDGER, buy, move, sell, split
from tests.unit.trading.tax.reference import columns, ods, rp2_events
from trading.errors import Denied
from trading.tax.compute import compute
from trading.tax.countries.generic import generic
from trading.tax.countries.us import US
from trading.tax.events import AcquisitionKind, Adjustment, Disposal, DisposalKind, Event
from trading.tax.methods.method import Method
from trading.tax.rp2 import IN, INTRA, NUMBERS, OUT, configuration, sheets

ANY = generic("USD")


def read_back(events: list[Event]) -> list[Event]:
    said = configuration(events)
    header = {
        table: {field: int(at) for field, at in said[table].items()}
        for table in ("in_header", "out_header", "intra_header")
    }
    return rp2_events(sheets(events, ANY), header)


def test_a_sheet_reads_as_rp2_wants_it() -> None:
    events = [
        buy(0, 2, 100, 1, name="lot"),
        sell(1, "0.5", 30, 2),
        move(2, 1, "0.9", 5),
        sell(3, "0.1", 5, 1, kind=DisposalKind.FEE),
    ]
    (rows,) = sheets(events, US).values()
    assert [row for row in rows if len(row) == 1] == [
        ["IN"],
        ["TABLE END"],
        ["OUT"],
        ["TABLE END"],
        ["INTRA"],
        ["TABLE END"],
    ]
    assert rows[1:3] == [
        list(IN),
        ["2024-01-01T12:00:00+00:00", "BTC", "Kraken", "taxpayer", "BUY", "50", "2", "1", "100", "101", "lot", ""],
    ]
    assert rows[5] == list(OUT)
    assert rows[6][4:12] == ["SELL", "60", "0.5", "0", "0.5", "28", "0", events[1].event_id]
    assert rows[7][4:12] == ["FEE", "40", "0", "0.1", "0.1", "", "4", events[3].event_id]
    assert rows[10] == list(INTRA)
    assert rows[11][2:10] == ["Kraken", "taxpayer", "Ledger", "taxpayer", "50", "1", "0.9", events[2].event_id]
    assert configuration(events)["general"] == {"assets": "BTC", "exchanges": "Kraken, Ledger", "holders": "taxpayer"}
    assert {*IN, *OUT, *INTRA} >= NUMBERS


def test_an_asset_that_only_came_has_one_table() -> None:
    assert [row[0] for row in sheets([buy(0, 1, 5, name="x")], ANY)["BTC"]] == [
        "IN",
        "timestamp",
        "2024-01-01T12:00:00+00:00",
        "TABLE END",
    ]


@pytest.mark.data
@pytest.mark.parametrize("name", ["crypto_example", "test_data", "test_data4"])
@pytest.mark.parametrize("method", [Method.FIFO, Method.LIFO, Method.HIFO, Method.LOFO])
def test_rp2s_own_inputs_come_back_and_give_the_same(name: str, method: Method) -> None:
    events = rp2_events(ods("rp2", f"input/{name}.ods"), columns("rp2", f"config/{name}.ini"))
    first, again = compute(events, ANY, method), compute(read_back(events), ANY, method)
    told = [(g.ts, g.asset, g.kind, g.quantity, round(g.amount, 12), g.acquired) for g in first.gains]
    assert told == [(g.ts, g.asset, g.kind, g.quantity, round(g.amount, 12), g.acquired) for g in again.gains]
    assert [row.value for row in first.income] == [row.value for row in again.income]
    assert first.balances == again.balances


def test_words_that_rp2_has_not_become_those_it_taxes_the_same() -> None:
    events = [
        buy(0, 5, 5, kind=AcquisitionKind.FUNDING),
        buy(1, 5, 5, kind=AcquisitionKind.HARD_FORK),
        buy(2, 5, 5, kind=AcquisitionKind.SPOUSE),
        sell(3, 1, 1, kind=DisposalKind.FUNDING),
        sell(4, 1, 1, kind=DisposalKind.SPOUSE),
    ]
    words = [row[4] for row in sheets(events, ANY)["BTC"] if len(row) > 1]
    assert words == ["transaction_type", "INCOME", "HARDFORK", "GIFT", "transaction_type", "FEE", "GIFT"]


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (split(1, 1, 2), "it knows no split"),
        (Adjustment("a", datetime(2024, 1, 2, tzinfo=UTC), "BTC", Decimal(1)), "it knows no adjustment"),
        (sell(1, 1, 0), "no value of zero"),
        (sell(1, 1, 5, 5), "no value of zero"),
        (buy(1, 1, 0), "no value of zero"),
        (sell(datetime(2025, 1, 1, tzinfo=UTC), 1, 5, wallet=LEDGER), "US wants lots per wallet from 2025-01-01 on"),
    ],
)
def test_what_rp2_cannot_say_is_refused(event: Event, why: str) -> None:
    with pytest.raises(Denied, match=why) as refused:
        sheets([buy(0, 9, 9), event], US)
    assert refused.value.reason == "rp2"


def test_lots_per_wallet_of_one_wallet_are_all_lots() -> None:
    rows = sheets([buy(0, 9, 9), sell(datetime(2025, 1, 1, tzinfo=UTC), 1, 5)], US)["BTC"]
    assert [row[0] for row in rows if len(row) == 1] == ["IN", "TABLE END", "OUT", "TABLE END"]


def test_a_transfer_without_a_loss_has_no_price_and_a_fee_in_kind_its_own_column() -> None:
    sale = Disposal("s", sell(2, 1, 1).ts, LEDGER, "BTC", Decimal(2), Decimal(40), fee_quantity=Decimal("0.2"))
    rows = sheets([buy(0, 4, 80), move(1, 3, 3, source=KRAKEN), sale], ANY)["BTC"]
    assert rows[6][5:11] == ["20", "2", "0.2", "2.2", "40", "4"]
    assert rows[-2][6:9] == ["", "3", "3"]
