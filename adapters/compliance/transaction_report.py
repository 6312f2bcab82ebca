"""A regulatory report in its form: XML that its schema has accepted, and the same rows as CSV."""

import csv
import io
import re
import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from trading.compliance.regulatory import FieldMap, field_map
from trading.errors import BadData, Misconfigured

if TYPE_CHECKING:
    from xmlschema import XMLSchema

_FORMS = files("adapters").joinpath("compliance", "forms")
ROOT, ROW = "TransactionReport", "Transaction"


def read_form(path: Path | None) -> tuple[FieldMap, str]:
    """Return the form that file `path` says, or ours with None, and the text of its schema.

    Raises:
        Misconfigured: the file or its schema cannot be read, or a field is wrong; the message names it.
    """
    source = "the form that we ship" if path is None else f"TRADEWIND_FIELD_MAP: {path}"
    shipped = _FORMS.joinpath("transactions.xsd")
    try:
        text = _FORMS.joinpath("transactions.toml").read_text("utf-8") if path is None else path.read_text("utf-8")
        form = field_map(tomllib.loads(text), source)
        if path is None or form.schema_file is None:
            return form, shipped.read_text("utf-8")
        return form, (path.parent / form.schema_file).read_text("utf-8")
    except OSError as error:
        raise Misconfigured(f"TRADEWIND_FIELD_MAP: {error.filename}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{source}: {error}") from None


def xml(rows: Sequence[Mapping[str, str]], form: FieldMap, schema: str, book: str, day: str) -> str:
    """Return the report as XML that `schema` accepts; equal rows give equal bytes.

    Raises:
        BadData: the schema refuses it; row, field and reason are named. Then there is no report.
        Misconfigured: the schema is none.
    """
    about = {"title": form.title, "reporter": form.reporter, "book": book, "day": day, "transactions": str(len(rows))}
    names, root = [one.name for one in form.field], ET.Element(ROOT, about)
    for row in rows:
        one = ET.SubElement(root, ROW)
        for name in names:
            if name in row:
                ET.SubElement(one, name).text = row[name]
    _require_valid(root, _schema(schema))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def table(rows: Sequence[Mapping[str, str]], form: FieldMap) -> str:
    """Return the same rows as CSV, a column for each field of the form; what is not known is empty."""
    written = io.StringIO()
    writer = csv.DictWriter(written, [one.name for one in form.field], lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


def _schema(text: str) -> "XMLSchema":
    import xmlschema

    try:
        # Nothing is fetched or included: the schema is this text alone.
        return xmlschema.XMLSchema(text, allow="none", defuse="always")
    except (xmlschema.XMLSchemaException, xmlschema.XMLResourceError, ET.ParseError) as error:
        raise Misconfigured(f"the schema of the regulatory report: {str(error).splitlines()[0]}") from None


def _require_valid(root: ET.Element, schema: "XMLSchema") -> None:
    error = next(schema.iter_errors(root), None)
    if error is None:
        return
    path = error.path or f"/{ROOT}"
    row = re.search(rf"/{ROW}(?:\[(\d+)\])?(?:/|$)", path)
    field = getattr(error, "invalid_tag", None) or path.rpartition("/")[2].partition("[")[0]
    where = "the head" if row is None else _row(root, int(row.group(1) or 1))
    value = (getattr(error.elem, "text", None) or "").strip()
    said = f" = {value!r}" if value else ""
    raise BadData(f"the regulatory report is not written: {where}, field {field}{said}: {error.reason}")


def _row(root: ET.Element, number: int) -> str:
    """Return in words which row it is, by its number from 1 and its first field."""
    return f"row {number} ({next(iter(root[number - 1].itertext()), '')})"
