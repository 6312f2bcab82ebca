"""`tradewind tax`: a tax year of a book by a country's rules: gains by lot, income, what is left, files for filing."""

import csv
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from rich.markup import escape
from rich.table import Table

from adapters.settings import Settings, load
from cli.output import as_json, note, out, table
from cli.verb import DataDir, Json, verb
from trading.errors import BadData, Misconfigured
from trading.money import decimal

if TYPE_CHECKING:
    from adapters.store.database import Connection
    from adapters.tax_report import Report, Request
    from trading.tax.books import Cost
    from trading.tax.noted import Noted

Year = Annotated[int, typer.Argument(help="The calendar year in which the tax year begins.")]
CountryName = Annotated[str, typer.Option("--country", help="us, uk, es, ie or generic.")]
MethodName = Annotated[
    str | None,
    typer.Option("--method", help="fifo, lifo, hifo, lofo, average or section-104 (default: the country's own)."),
]
Books = Annotated[
    list[str] | None, typer.Option("--book", help="A book; again for more (TRADEWIND_BOOK, or the only one).")
]
Currency = Annotated[str | None, typer.Option(help="For generic rules (default: what the book trades against).")]
Zone = Annotated[str | None, typer.Option(help="Whose days count, such as America/New_York (default: the country's).")]
Pars = Annotated[
    list[str] | None, typer.Option("--par", help="Count one coin as one of another, such as USDT=USD; again for more.")
]
Costs = Annotated[
    list[str] | None,
    typer.Option("--cost", help="What all of a coin at the openings had cost, and since when: BTC=9000@2021-05-01."),
]
Events = Annotated[
    Path | None,
    typer.Option("--events", help="CSV of what happened outside the books: transfers, staking, ... (docs/tax.md)."),
]
Out = Annotated[Path | None, typer.Option("--out", help="Folder of the files (in the data folder).")]


class _Known(NamedTuple):
    """What the taxpayer tells: coins declared equal, costs of openings, events outside the books."""

    pars: dict[str, str]
    costs: "dict[str, Cost]"
    notes: "tuple[Noted, ...]"


@verb
def tax(
    year: Year,
    country: CountryName,
    method: MethodName = None,
    book: Books = None,
    currency: Currency = None,
    zone: Zone = None,
    par: Pars = None,
    cost: Costs = None,
    events: Events = None,
    out_: Out = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Tell a tax year of a book: gains by lot, income, what is left; not advice (docs/tax.md says what is assumed)."""
    from adapters.store.database import Database
    from cli.session.server import server

    settings = load(data_dir=data_dir)
    known = _Known(dict(map(_par, par or [])), dict(map(_cost, cost or [])), _notes(events))
    with server(settings) as url, Database(url, size=1) as database, database.transaction() as connection:
        request = _request(connection, settings, year, country, method, book, currency, zone, known)
        report = _report(connection, request)
    folder = out_ or settings.data_dir / "reports" / "+".join(request.books)
    files = _save(report, folder, request.name)
    if json_:
        as_json(_plain(report, files))
    else:
        _show(report, files)
    return 0


def _request(
    connection: "Connection",
    settings: Settings,
    year: int,
    country: str,
    method: str | None,
    books: list[str] | None,
    currency: str | None,
    zone: str | None,
    known: _Known,
) -> "Request":
    from adapters.store import tax as stored
    from adapters.tax_report import Request
    from trading.tax.countries.by_name import country_of, method_of, zone_of

    chosen = tuple(dict.fromkeys(books or [_book(stored.names(connection), settings)]))
    rules = country_of(country, currency, stored.quote(connection, chosen[0]))
    return Request(year, chosen, rules, method_of(method, rules), zone_of(country, zone), *known)


def _book(known: list[str], settings: Settings) -> str:
    """Return the book of the settings, or the only one there is."""
    if settings.book in known or not known:
        return settings.book
    if len(known) > 1:
        raise Misconfigured(f"there are {len(known)} books: choose with --book among {', '.join(known)}")
    return known[0]


def _report(connection: "Connection", request: "Request") -> "Report":
    from importlib.metadata import version

    from adapters.exchange.clock import WallClock
    from adapters.tax_report import make

    return make(connection, request, WallClock().now(), version("tradewind"))


def _save(report: "Report", folder: Path, name: str) -> dict[str, Path]:
    from adapters.tax_report import save

    return save(report, folder, name)


def _notes(file: Path | None) -> "tuple[Noted, ...]":
    from trading.tax.noted import COLUMNS, noted

    if file is None:
        return ()
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened)
            rows = list(reader)
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"--events {file}: {error}") from None
    strange = sorted({*(reader.fieldnames or ())} - {*COLUMNS})
    if strange:
        raise Misconfigured(f"--events {file}: columns {', '.join(strange)} are none of {', '.join(COLUMNS)}")
    return tuple(noted(rows))


def _par(said: str) -> tuple[str, str]:
    coin, _, other = said.upper().partition("=")
    if not coin or not other or coin == other:
        raise Misconfigured(f"--par {said!r} is not of the form USDT=USD")
    return coin, other


def _cost(said: str) -> "tuple[str, Cost]":
    from trading.tax.books import Cost

    coin, _, rest = said.partition("=")
    amount, _, since = rest.partition("@")
    try:
        value = decimal(amount)
        day = datetime.fromisoformat(since).replace(tzinfo=UTC) if since else None
    except (BadData, ValueError):
        value, day = Decimal(-1), None
    if not coin or value < 0:
        raise Misconfigured(f"--cost {said!r} is not of the form BTC=9000 or BTC=9000@2021-05-01")
    return coin.upper(), Cost(value, day)


def _plain(report: "Report", files: dict[str, Path]) -> dict[str, Any]:
    told = report.document
    names = ("year", "country", "method", "currency", "zone", "books", "headline", "allowance", "by_asset", "income")
    return {
        **{name: told[name] for name in (*names, "years", "assumptions", "limits")},
        "remaining": [{key: row[key] for key in ("asset", "quantity", "cost")} for row in told["remaining"]],
        "document_hash": told["document_hash"],
        "rp2_refused": report.refused or None,
        "files": {name: str(path) for name, path in files.items()},
    }


def _show(report: "Report", files: dict[str, Path]) -> None:
    told, currency = report.document, report.document["currency"]
    head, year = told["headline"], told["year"]
    about = [
        ("books", ", ".join(row["book"] for row in told["books"])),
        ("tax year", f"{year['first']} to {year['last']}{'' if year['complete'] else ', not over yet'}"),
        ("rules", f"{told['country']}, {told['method']}, days of {told['zone']}"),
    ]
    table(f"tax {year['name']}", about)
    rows = [(name, _amount(head[key], currency)) for key, name in _HEADLINE if head[key] is not None]
    if (allowance := told["allowance"]) and allowance["why"] is None:
        rows += [(name, _amount(allowance[key], currency)) for key, name in _ALLOWANCE]
    table(f"result, {head['disposals']:,} disposals", rows)
    _grid("gains", ("asset", "kind", "term", "quantity", "proceeds", "fees", "cost", "gain"), told["by_asset"])
    _grid("income", ("asset", "kind", "quantity", "value"), told["income"])
    _grid("left", ("asset", "quantity", "cost", "average_cost"), told["remaining"])
    for sentence in told["assumptions"]:
        note(sentence)
    if report.refused:
        note(f"no input for rp2: {report.refused}")
    for kind, path in files.items():
        out.print(f"[bold]{kind.replace('_', ' ')}[/bold]  {escape(str(path))}", soft_wrap=True)


def _grid(title: str, columns: tuple[str, ...], rows: Iterable[dict[str, Any]]) -> None:
    known = list(rows)
    if not known:
        return
    shown = [column for column in columns if any(row[column] is not None for row in known)]
    grid = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 1))
    for column in shown:
        grid.add_column(
            column.replace("_", " "),
            justify="left" if column in _WORDS else "right",
            no_wrap=column in _WORDS,
            overflow="fold",
        )
    for row in known:
        grid.add_row(*(escape(_cell(column, row[column])) for column in shown))
    out.print(grid)
    out.print()


def _cell(column: str, value: str | None) -> str:
    if value is None or column in _WORDS:
        return value or "-"
    number = Decimal(value)
    return f"{number:,.8f}".rstrip("0").rstrip(".") if column == "quantity" else f"{number:,.2f}"


def _amount(value: str, currency: str) -> str:
    return f"{Decimal(value):,.2f} {currency}"


_WORDS = ("asset", "kind", "term")
_HEADLINE = (
    ("proceeds", "proceeds"),
    ("costs", "costs and fees"),
    ("gains", "gains"),
    ("losses", "losses"),
    ("net", "gains less losses"),
    ("short", "short term"),
    ("long", "long term"),
    ("filed", "as filed, rounded"),
    ("income", "income"),
    ("left", "cost of what is left"),
)
_ALLOWANCE = (("exempt", "exempt amount"), ("taxable", "taxable"), ("losses_carried", "losses carried on"))
