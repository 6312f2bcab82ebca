"""A tax report from the store to its files: books and rates in, page, document, table and rp2's input out."""

import configparser
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from adapters import tax_page
from adapters.files import write_atomically, write_bytes_atomically
from adapters.ods import spreadsheet
from adapters.store import tax
from adapters.store.database import Connection
from trading.audit import digest, plain
from trading.errors import Denied
from trading.reports.tax_report import Facts, document
from trading.tax import rp2
from trading.tax.books import Cost, told, wanted
from trading.tax.compute import compute
from trading.tax.countries.by_name import ends, tax_year
from trading.tax.country import Country
from trading.tax.events import Event
from trading.tax.ledger_tie import tie
from trading.tax.methods.method import Method
from trading.tax.noted import Noted
from trading.tax.rates import Markets, Rates, questions


@dataclass(frozen=True)
class Request:
    """Which year of which books is told, by whose rules. `pars`, `costs` and `notes` are what the taxpayer tells."""

    year: int
    books: tuple[str, ...]
    country: Country
    method: Method
    zone: ZoneInfo
    pars: Mapping[str, str] = field(default_factory=dict[str, str])
    costs: Mapping[str, Cost] = field(default_factory=dict[str, Cost])
    notes: tuple[Noted, ...] = ()

    @property
    def name(self) -> str:
        """The name of the report's files, without what they end with."""
        method = self.method.replace(" ", "-")
        return f"tax-{self.year}-{self.country.code.lower()}-{method}-{self.country.currency.lower()}"


@dataclass(frozen=True)
class Report:
    """The finished report: its document with `document_hash`, and rp2's input where rp2 can take it.

    `refused` says why rp2's input is not there.
    """

    document: dict[str, Any]
    sheets: Mapping[str, Sequence[Sequence[str]]]
    configuration: Mapping[str, Mapping[str, str]]
    refused: str = ""


def make(connection: Connection, request: Request, now: datetime, code_version: str) -> Report:
    """Return the report as the store tells it at `now`; the same facts give the same report.

    Raises:
        Misconfigured: there is no such book or year, or a coin's worth is not known.
        BadData: the lots do not tie with the ledger.
    """
    country, zone = request.country, request.zone
    year = tax_year(country, request.year, now, zone)
    until = ends(country, year, zone)
    books = [tax.load(connection, book, until) for book in request.books]
    stored = tax.series(connection)
    symbols = tuple(sorted({symbol for _, symbol, _ in stored}))
    markets = Markets(country.currency, symbols, request.pars)
    notes = [row for row in request.notes if row.ts < until]
    asked = questions(markets, wanted(books, country.currency, request.costs, notes))
    closes = tax.closes(connection, stored, asked, [book.venue for book in books])
    known = told(books, country.currency, Rates(markets, closes), request.costs, notes)
    done = compute(known.events, country, request.method, zone)
    proof = tie(books, done, known)
    facts = Facts(year, until, now >= until, zone.key, books, known, done, proof, code_version)
    made = plain(document(facts))
    sheets, configuration, refused = _rp2(known.events, country, zone)
    return Report({**made, "document_hash": digest(made)}, sheets, configuration, refused)


def save(report: Report, folder: Path, name: str) -> dict[str, Path]:
    """Write the files of `report` into `folder`, their names beginning with `name`; return them by what they are.

    Equal reports give equal bytes. rp2's input of an earlier report goes where this one has none.
    """
    plain_document = {key: value for key, value in report.document.items() if key != "document_hash"}
    texts = {
        "page": (".html", tax_page.page(report.document)),
        "document": (".json", json.dumps(plain_document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"),
        "disposals": (".csv", tax_page.disposals_csv(report.document)),
    }
    files: dict[str, Path] = {}
    for kind, (end, content) in texts.items():
        files[kind] = (folder / f"{name}{end}").resolve()
        write_atomically(files[kind], content)
    ods, ini = ((folder / f"{name}-rp2.{end}").resolve() for end in ("ods", "ini"))
    if not report.sheets:
        ods.unlink(missing_ok=True)
        ini.unlink(missing_ok=True)
        return files
    write_bytes_atomically(ods, spreadsheet(report.sheets, _numeric(report.sheets)))
    write_atomically(ini, _ini(report.configuration))
    return {**files, "rp2_input": ods, "rp2_configuration": ini}


def _rp2(
    events: Sequence[Event], country: Country, zone: ZoneInfo
) -> tuple[Mapping[str, Sequence[Sequence[str]]], Mapping[str, Mapping[str, str]], str]:
    if not events:
        return {}, {}, "nothing has happened"
    try:
        return rp2.sheets(events, country, zone), rp2.configuration(events), ""
    except Denied as refused:
        return {}, {}, refused.detail


def _numeric(sheets: Mapping[str, Sequence[Sequence[str]]]) -> Any:
    """Return what says which cells are numbers: those below a column that rp2 counts with."""
    columns: dict[tuple[str, int], Sequence[str]] = {}
    for sheet, rows in sheets.items():
        heading: Sequence[str] = ()
        for number, row in enumerate(rows):
            if number and len(rows[number - 1]) == 1 and rows[number - 1][0] != "TABLE END":
                heading = row
            elif len(row) > 1:
                columns[sheet, number] = heading
    return lambda sheet, row, column: (
        (sheet, row) in columns and column < len(columns[sheet, row]) and columns[sheet, row][column] in rp2.NUMBERS
    )


def _ini(configuration: Mapping[str, Mapping[str, str]]) -> str:
    parser = configparser.ConfigParser()
    parser.read_dict(configuration)
    written = io.StringIO()
    parser.write(written)
    return written.getvalue()
