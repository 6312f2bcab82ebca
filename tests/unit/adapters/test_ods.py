"""Spreadsheets: what is written is read back, numbers as numbers, and equal sheets are equal bytes."""

import zipfile
from io import BytesIO

from adapters.ods import spreadsheet
from tests.unit.trading.tax.reference import OFFICE, TABLE, ods_cells, parsed

SHEETS = {"BTC & <co>": [["IN"], ["asset", "price"], ["<B>", "0.10"], ["", "", "x"]], "ETH": []}


def numeric(sheet: str, row: int, column: int) -> bool:
    return (row, column) == (2, 1)


def test_cells_are_read_back_and_numbers_are_numbers() -> None:
    with zipfile.ZipFile(BytesIO(spreadsheet(SHEETS, numeric))) as opened:
        assert opened.namelist() == ["mimetype", "content.xml", "META-INF/manifest.xml"]
        assert opened.infolist()[0].compress_type == zipfile.ZIP_STORED
        assert opened.read("mimetype") == b"application/vnd.oasis.opendocument.spreadsheet"
        assert {member.date_time for member in opened.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        root = parsed(opened.read("content.xml"))
    tables = {table.get(f"{TABLE}name"): table for table in root.iter(f"{TABLE}table")}
    assert list(tables) == ["BTC & <co>", "ETH"]
    rows = list(tables["BTC & <co>"].iter(f"{TABLE}table-row"))
    assert [list(ods_cells(row)) for row in rows] == SHEETS["BTC & <co>"]
    kinds = [cell.get(f"{OFFICE}value-type") for cell in rows[2]]
    assert kinds == ["string", "float", None]
    assert {len(list(row)) for row in rows} == {3}


def test_equal_sheets_are_equal_bytes() -> None:
    assert spreadsheet(SHEETS, numeric) == spreadsheet(SHEETS, numeric)
