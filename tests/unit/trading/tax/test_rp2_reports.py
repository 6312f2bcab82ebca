"""rp2's own golden reports, computed again: every total, every fraction of every lot, every balance."""

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from functools import cache

import pytest

from tests.unit.trading.tax.reference import Rows, archive, columns, folder, ods, rp2_events
from trading.tax.computation import Computation
from trading.tax.compute import compute
from trading.tax.countries.es import ES
from trading.tax.countries.ie import IE
from trading.tax.countries.us import US
from trading.tax.country import Country
from trading.tax.events import Acquisition, Event
from trading.tax.methods.method import Method
from trading.tax.totals import by_asset, income_by_asset

pytestmark = pytest.mark.data
#: The reports hold binary floating point numbers of 16 digits.
CLOSE = Decimal("1e-9")
LOTS = (Method.FIFO, Method.LIFO, Method.HIFO, Method.LOFO)
SETS = ("crypto_example", "test_data", "test_data4")
TERMS = {"LONG": "long", "SHORT": "short", "LARGO": "long", "CORTO": "short"}
SHEETS = {"Capital Gains", "Donations", "Gifts", "Interest", "Investment Expenses", "Staking"}

Case = tuple[str, str, Country, Method, str]
US_CASES: list[Case] = [
    ("rp2", name, US, method, f"input/golden/us/{name}_{method}") for name in SETS for method in LOTS
]
ES_CASES: list[Case] = [("rp2", name, ES, Method.FIFO, f"input/golden/es/{name}_es_es_fifo") for name in SETS]
IE_CASES: list[Case] = [("rp2", name, IE, Method.FIFO, f"input/golden/ie/{name}_ie_en_IE_fifo") for name in SETS]
DALI_CASES: list[Case] = [
    ("dali_exchange_exports", "test_crypto_data", US, method, f"input/golden/test_{method}")
    for method in (Method.FIFO, Method.LIFO)
]
CASES = [*US_CASES, *ES_CASES, *IE_CASES, *DALI_CASES]
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case[4].rsplit("/", 1)[1])


@cache
def events_of(source: str, name: str) -> tuple[Event, ...]:
    golden = "golden/" if source.startswith("dali") else ""
    config = f"input/golden/{name}.config" if golden else f"config/{name}.ini"
    header = columns(source, config)
    if golden:  # the stored configuration is older than the spreadsheet, where the fee has moved from 8 to 11
        header["in_header"] |= {"fiat_fee": 11}
    return tuple(rp2_events(ods(source, f"input/{golden}{name}.ods"), header))


def computed(case: Case) -> Computation:
    source, name, country, method, _ = case
    return compute(events_of(source, name), country, method)


def full_report(case: Case) -> dict[str, Rows]:
    return ods(case[0], f"{case[4]}_rp2_full_report.ods")


def ours(case: Case, done: Computation) -> list[tuple[object, ...]]:
    """Return our totals as rp2 tells them: income is a short-term gain that cost nothing."""
    short = "short"
    gains = [
        (t.year.first.year, t.asset, t.gain, t.term or short, t.kind.name, t.quantity, t.proceeds, t.cost)
        for t in by_asset(done)
    ]
    earned = [
        (t.year.first.year, t.asset, t.value, short, t.kind.name, t.quantity, t.value, Decimal(0))
        for t in income_by_asset(done)
    ]
    return sorted([*gains, *earned], key=lambda row: (row[0], row[1], row[3], row[4]))


def close(left: Decimal, right: object) -> bool:
    return abs(left - Decimal(str(right))) < CLOSE


def tax_sheets(report: dict[str, Rows]) -> Iterator[tuple[str, Rows]]:
    for title, rows in report.items():
        asset, _, what = title.rpartition(" ")
        if what in {"Tax", "Impuesto"}:
            yield asset, rows


def rows_after(rows: Rows, header: tuple[str, ...]) -> Rows:
    """Return the rows below the second line of the table whose columns begin as `header`, up to the next title."""
    start = next(
        place for place, row in enumerate(rows) if tuple(row[: len(header)]) in {header, tuple(HEADERS[header])}
    )
    return [row for row in rows[start + 1 : start + 1 + ends(rows[start + 1 :])] if len(row) > 1]


HEADERS = {
    ("Year", "Asset"): ("Año", "Activo"),
    ("Exchange", "Holder"): ("Intercambio", "Titular"),
    ("Amount", "Asset"): ("Cantidad", "Activo"),
    ("Sent/Sold", "Timestamp"): ("Enviado/Vendido", "Marca de tiempo"),
}


def ends(rows: Rows) -> int:
    return next((place for place, row in enumerate(rows) if len(row) == 1), len(rows))


@each_case
def test_yearly_totals_are_those_of_the_report(case: Case) -> None:
    told = sorted(
        (int(float(row[0])), row[1], TERMS[row[3]], row[4], *map(Decimal, (row[2], *row[5:8])))
        for _, rows in tax_sheets(full_report(case))
        for row in rows_after(rows, ("Year", "Asset"))
    )
    found = ours(case, computed(case))
    assert [(row[0], row[1], row[3], row[4]) for row in found] == [row[:4] for row in told]
    for row, expected in zip(found, told, strict=True):
        amounts = (row[2], *row[5:])
        assert all(close(Decimal(str(amount)), want) for amount, want in zip(amounts, expected[4:], strict=True)), row


@each_case
def test_every_fraction_is_that_of_the_report(case: Case) -> None:
    done = computed(case)
    for asset, rows in tax_sheets(full_report(case)):
        told = [(Decimal(row[0]), Decimal(row[3]), TERMS[row[4]]) for row in rows_after(rows, ("Amount", "Asset"))]
        found = [
            *((g.ts, g.quantity, g.amount, g.term or "short") for g in done.gains if g.asset == asset),
            *((i.ts, i.quantity, i.value, "short") for i in done.income if i.asset == asset),
        ]
        found.sort(key=lambda row: row[0])
        assert len(found) == len(told)
        for (_, quantity, gain, term), (units, gained, held) in zip(found, told, strict=True):
            assert close(quantity, units)
            assert close(gain, gained)
            assert term == held


@each_case
def test_wallets_and_lots_hold_what_the_report_says(case: Case) -> None:
    done = computed(case)
    for asset, rows in tax_sheets(full_report(case)):
        told = {
            (row[0], row[1]): Decimal(row[6]) for row in rows_after(rows, ("Exchange", "Holder")) if row[0] != "Total"
        }
        held = {
            (wallet.venue, wallet.holder): units for (wallet, coin), units in done.balances.items() if coin == asset
        }
        assert {key: units for key, units in told.items() if units} == pytest.approx(held, abs=CLOSE)


@each_case
def test_what_is_left_of_each_lot_is_what_the_report_says(case: Case) -> None:
    done = computed(case)
    left = {each.lot.lot_id: each.lot.quantity for each in done.remaining}
    lots = {(e.asset, e.ts, e.quantity): e for e in events_of(case[0], case[1]) if isinstance(e, Acquisition)}
    seen = 0
    for title, rows in full_report(case).items():
        if not title.endswith(("In-Out", "Entrada-Salida")):
            continue
        for row in rows_after(rows, ("Sent/Sold", "Timestamp")):
            lot = lots[row[2], datetime.fromisoformat(row[1]), Decimal(row[7])]
            sold = Decimal(row[0] or "0")
            assert close(lot.quantity - left.get(lot.event_id, Decimal(0)), sold * lot.quantity), row
            seen += 1
    assert seen == len(lots)


def day(text: str) -> tuple[int, int, int]:
    parts = [int(part) for part in text.split("/")]
    return (parts[0], parts[1], parts[2]) if parts[0] > 31 else (parts[2], parts[0], parts[1])


@pytest.mark.parametrize("case", [*US_CASES, *IE_CASES, *DALI_CASES], ids=lambda case: case[4].rsplit("/", 1)[1])
def test_every_line_of_the_tax_report_is_ours(case: Case) -> None:
    country = "ie" if case[2] is IE else "us"
    report = ods(case[0], f"{case[4]}_tax_report_{country}.ods")
    done = computed(case)
    told: list[tuple[object, ...]] = []
    earned: list[tuple[object, ...]] = []
    assert set(report) <= SHEETS | {"Legend"}
    for title in set(report) - {"Legend"}:
        for row in report[title]:
            if len(row) < 16 or "/" not in row[9]:
                continue
            kind, term = row[9].split(" / ")[1], TERMS[row[14]]
            if row[2]:
                told.append((row[1], day(row[2]), day(row[3]), kind, term, *map(Decimal, (row[0], *row[4:6], row[8]))))
            else:
                earned.append((row[1], day(row[3]), kind, Decimal(row[0]), Decimal(row[4])))
    found = [
        (g.asset, g.acquired.timetuple()[:3], g.ts.timetuple()[:3], g.kind.name, g.term or "short",
         g.quantity, g.proceeds, g.cost, g.amount)
        for g in done.gains if g.acquired
    ]  # fmt: skip
    assert len(found) == len(told) > 0
    for ours_, theirs in zip(sorted(found), sorted(told), strict=True):
        assert ours_[:5] == theirs[:5]
        assert all(close(a, b) for a, b in zip(ours_[5:], theirs[5:], strict=True)), (ours_, theirs)
    assert sorted((i.asset, i.ts.timetuple()[:3], i.kind.name, i.quantity, i.value) for i in done.income) == sorted(
        earned
    )


@pytest.mark.parametrize("case", US_CASES, ids=lambda case: case[4].rsplit("/", 1)[1])
def test_the_extracted_summary_says_the_same(case: Case) -> None:
    told = json.loads((folder() / "rp2_us_summary.json").read_text())[f"{case[1]}_{case[3]}"]
    done = computed(case)
    rows = sorted(
        [row for asset in told.values() for row in asset["yearly"]], key=lambda r: (r[0], r[1], r[3].lower(), r[4])
    )
    found = ours(case, done)
    assert len(found) == len(rows)
    for row, want in zip(found, rows, strict=True):
        assert (row[0], row[1], row[4]) == (want[0], want[1], want[4])
        assert all(close(Decimal(str(row[at])), want[at]) for at in (2, 5, 6, 7)), (row, want)
    for asset, said in told.items():
        for venue, holder, _, *_, final in (line for line in said["balances"] if line[0] != "Total"):
            held = [u for (w, coin), u in done.balances.items() if (w.venue, w.holder, coin) == (venue, holder, asset)]
            assert close(sum(held, Decimal(0)), final)


def test_no_report_is_left_out() -> None:
    """Each golden report of the two archives is compared by a test above."""
    golden = {path for source in ("rp2", "dali_exchange_exports") for path in archive(source) if path.endswith(".ods")}
    reports = {path for path in golden if "report" in path}
    compared = {f"{case[4]}_rp2_full_report.ods" for case in CASES}
    compared |= {f"{case[4]}_tax_report_us.ods" for case in [*US_CASES, *DALI_CASES]}
    compared |= {f"{case[4]}_tax_report_ie.ods" for case in IE_CASES}
    assert reports == compared
    assert len(compared) == 37
