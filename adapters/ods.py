"""A spreadsheet in the OpenDocument format (ODS), from rows of text: a zip of three small documents."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

Rows = Sequence[Sequence[str]]

_KIND = "application/vnd.oasis.opendocument.spreadsheet"
_NAMES = (
    ("office", "urn:oasis:names:tc:opendocument:xmlns:office:1.0"),
    ("table", "urn:oasis:names:tc:opendocument:xmlns:table:1.0"),
    ("text", "urn:oasis:names:tc:opendocument:xmlns:text:1.0"),
)
_MANIFEST = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{_KIND}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
    "</manifest:manifest>\n"
)
#: The first date that a zip can hold: equal sheets give equal bytes.
_TIME = (1980, 1, 1, 0, 0, 0)


def spreadsheet(sheets: Mapping[str, Rows], numeric: Callable[[str, int, int], bool]) -> bytes:
    """Return the file; `numeric(sheet, row, column)` says which cells that are not empty are numbers, as decimal text.

    Equal sheets give equal bytes.
    """
    names = " ".join(f'xmlns:{name}="{address}"' for name, address in _NAMES)
    tables = "".join(_table(name, rows, numeric) for name, rows in sheets.items())
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document-content {names} office:version="1.2">'
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>\n"
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as target:
        # The first member, not compressed, tells what the file is.
        for name, text in (("mimetype", _KIND), ("content.xml", content), ("META-INF/manifest.xml", _MANIFEST)):
            packed = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            target.writestr(zipfile.ZipInfo(name, _TIME), text, packed)
    return file.getvalue()


def _table(name: str, rows: Rows, numeric: Callable[[str, int, int], bool]) -> str:
    # Every row is as wide as the widest: some readers count the columns in the first row.
    width = max((len(row) for row in rows), default=0)
    lines = "".join(
        "<table:table-row>"
        + "".join(
            _cell(row[column] if column < len(row) else "", numeric(name, number, column)) for column in range(width)
        )
        + "</table:table-row>"
        for number, row in enumerate(rows)
    )
    return f"<table:table table:name={quoteattr(name)}>{lines}</table:table>"


def _cell(value: str, number: bool) -> str:
    if not value:
        return "<table:table-cell/>"
    kind = f'office:value-type="float" office:value={quoteattr(value)}' if number else 'office:value-type="string"'
    return f"<table:table-cell {kind}><text:p>{escape(value)}</text:p></table:table-cell>"
