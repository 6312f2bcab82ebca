"""The reference data of the tax tests: archives, spreadsheets (ODS and XLSX by the standard library), rp2's inputs."""

import configparser
import json
import os
import tarfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

from trading.tax.events import Acquisition, AcquisitionKind, Disposal, DisposalKind, Event, Transfer, Wallet

Rows = list[list[str]]
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
WIDEST = 60
IN_KINDS = {"hardfork": AcquisitionKind.HARD_FORK, "donate": AcquisitionKind.GIFT}


def folder() -> Path:
    return Path(os.environ["TRADEWIND_TEST_DATA"]) / "reference" / "tax"


@cache
def archive(name: str) -> dict[str, bytes]:
    """Return the files of `name`.tar.gz by their paths."""
    with tarfile.open(folder() / f"{name}.tar.gz") as opened:
        return {member.name: content.read() for member in opened if (content := opened.extractfile(member)) is not None}


def parsed(content: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(content)  # noqa: S314 - files of our own data folder


@cache
def ods(name: str, path: str) -> dict[str, Rows]:
    """Return the cells of each sheet of an ODS file as text, numbers as the file writes them."""
    with zipfile.ZipFile(BytesIO(archive(name)[path])) as opened:
        root = parsed(opened.read("content.xml"))
    return {
        table.get(f"{TABLE}name", ""): [
            cells
            for row in table.iter(f"{TABLE}table-row")
            if (cells := list(ods_cells(row)))
            for _ in range(int(row.get(f"{TABLE}number-rows-repeated", "1")))
        ]
        for table in root.iter(f"{TABLE}table")
    }


def ods_cells(row: ElementTree.Element) -> Iterator[str]:
    held = 0  # empty cells are given out when one follows that is not
    for cell in row:
        if cell.tag not in {f"{TABLE}table-cell", f"{TABLE}covered-table-cell"}:
            continue
        said = "\n".join("".join(line.itertext()) for line in cell.findall(f"{TEXT}p"))
        value = cell.get(f"{OFFICE}value") or cell.get(f"{OFFICE}date-value") or said
        repeated = min(int(cell.get(f"{TABLE}number-columns-repeated", "1")), WIDEST)
        if not value:
            held += repeated
            continue
        yield from [""] * held
        yield from [value] * repeated
        held = 0


def xlsx(name: str, path: str) -> Rows:
    """Return the cells of the first sheet of an XLSX file by column, as text; days stay numbers."""
    with zipfile.ZipFile(BytesIO(archive(name)[path])) as opened:
        shared = parsed(opened.read("xl/sharedStrings.xml"))
        texts = ["".join(part.text or "" for part in item.iter(f"{SHEET}t")) for item in shared.iter(f"{SHEET}si")]
        sheet = parsed(opened.read("xl/worksheets/sheet1.xml"))
    rows: Rows = []
    for row in sheet.iter(f"{SHEET}row"):
        cells = [""] * 26
        for cell in row:
            value = cell.find(f"{SHEET}v")
            said = value.text or "" if value is not None else ""
            cells[ord(cell.get("r", "A")[0]) - ord("A")] = texts[int(said)] if cell.get("t") == "s" else said
        rows.append(cells)
    return rows


def columns(name: str, path: str) -> dict[str, dict[str, int]]:
    """Return rp2's configuration: for each table, which column holds what."""
    said = archive(name)[path].decode()
    if said.lstrip().startswith("{"):
        return {table: found for table, found in json.loads(said).items() if table.endswith("_header")}
    parser = configparser.ConfigParser()
    parser.read_string(said)
    return {
        table: {field: int(number) for field, number in parser[table].items()}
        for table in parser.sections()
        if table.endswith("_header")
    }


def rp2_events(sheets: dict[str, Rows], header: dict[str, dict[str, int]]) -> list[Event]:
    """Return the events of rp2's tables. A fee in the coin bought is a lot's fee and a disposal of its own."""
    events: list[Event] = []
    for sheet, rows in sheets.items():
        table, skip = "", False
        for number, row in enumerate(rows):
            if row[0] in {"IN", "OUT", "INTRA"}:
                table, skip = row[0].lower(), True
            elif skip or row[0] == "TABLE END":
                skip = False
            else:
                found = {name: row[at] for name, at in header[f"{table}_header"].items() if at < len(row) and row[at]}
                events += read_row(f"{sheet}:{number}", table, found)
    return events


def read_row(name: str, table: str, row: dict[str, str]) -> list[Event]:
    ts = datetime.fromisoformat(row["timestamp"]).astimezone(UTC)
    price = Decimal(row.get("spot_price", "0"))
    if table == "intra":
        sent, received = Decimal(row["crypto_sent"]), Decimal(row["crypto_received"])
        source, target = (Wallet(row[f"{side}_exchange"], row[f"{side}_holder"]) for side in ("from", "to"))
        return [Transfer(name, ts, source, target, row["asset"], sent, received, (sent - received) * price)]
    wallet, kind = Wallet(row["exchange"], row["holder"]), row["transaction_type"].lower()
    in_kind = Decimal(row.get("crypto_fee", "0"))
    if table == "out":
        sold = Decimal(row["crypto_out_no_fee"])
        if kind == "fee":
            worth = Decimal(row["fiat_fee"])
            return [Disposal(name, ts, wallet, row["asset"], in_kind, worth, kind=DisposalKind.FEE)]
        value = Decimal(row.get("fiat_out_no_fee", sold * price))
        out_kind = DisposalKind(kind)
        return [Disposal(name, ts, wallet, row["asset"], sold, value, fee_quantity=in_kind, kind=out_kind)]
    came = Decimal(row["crypto_in"])
    value, fee = Decimal(row.get("fiat_in_no_fee", came * price)), Decimal(row.get("fiat_fee", in_kind * price))
    in_type = IN_KINDS[kind] if kind in IN_KINDS else AcquisitionKind(kind)
    events: list[Event] = [Acquisition(name, ts, wallet, row["asset"], came, value, fee, in_type)]
    if in_kind:
        events.append(Disposal(f"{name}:fee", ts, wallet, row["asset"], in_kind, fee, kind=DisposalKind.FEE))
    return events
