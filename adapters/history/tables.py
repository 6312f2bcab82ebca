"""Tables: parquet, feather, CSV with a header of any of the usual names, and sheets without one."""

import io
import re
from collections.abc import Callable

import polars as pl

from adapters.history import columns
from adapters.history.columns import Table
from adapters.history.container import Member
from adapters.history.headerless import layout
from adapters.history.names import label_of_file
from adapters.history.roles import kind_of
from adapters.history.series import Form, Series
from trading.errors import Misconfigured

_SEPARATORS = (",", ";", "\t", "|")
#: A header stands in one of these first lines; some files begin with an address or a title.
_HEADER_LINES = 20


def _read_parquet(member: Member, quotes: tuple[str, ...]) -> list[Series]:
    return _of_frame(member, "parquet", _frame(member, pl.read_parquet), quotes)


def _read_feather(member: Member, quotes: tuple[str, ...]) -> list[Series]:
    return _of_frame(member, "feather", _frame(member, pl.read_ipc), quotes)


def _frame(member: Member, reader: Callable[[io.BytesIO], pl.DataFrame]) -> pl.DataFrame:
    try:
        return reader(io.BytesIO(member.content))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        # A panic repeats itself inside itself.
        said = (str(error) or repr(error)).splitlines()[0].strip("'")[:200]
        raise Misconfigured(f"{member.source}: cannot be read: {said}") from None


def _of_frame(member: Member, form: str, frame: pl.DataFrame, quotes: tuple[str, ...]) -> list[Series]:
    label = label_of_file(member.path, member.name, quotes)
    return columns.read(Table(member.source, form, frame, label, quotes))


def _read_csv(member: Member, quotes: tuple[str, ...]) -> list[Series]:
    member.lines_within_bounds()
    header, separator = _header(member)
    table = _csv(member, separator, skip=header or 0, named=True)
    form = "csv" if "cryptodatadownload" not in member.text[:200].lower() else "cryptodatadownload csv"
    return _of_frame(member, form, table, quotes)


def _read_headerless(member: Member, quotes: tuple[str, ...]) -> list[Series]:
    member.lines_within_bounds()
    separator = _separator(member.text[:4096].splitlines()[0])
    frame = _csv(member, separator, skip=0, named=False)
    form, named = layout(member.source, frame)
    return _of_frame(member, form, named, quotes)


def _csv(member: Member, separator: str, *, skip: int, named: bool) -> pl.DataFrame:
    content = member.text.encode()
    return _frame(
        member,
        lambda _: pl.read_csv(
            content,
            skip_lines=skip,
            has_header=named,
            infer_schema=False,
            separator=separator,
            truncate_ragged_lines=True,
            quote_char='"',
        ),
    )


def _header(member: Member) -> tuple[int | None, str]:
    for place, line in enumerate(member.text[: 2**16].splitlines()[:_HEADER_LINES]):
        separator = _separator(line)
        if kind_of([field.strip(' "') for field in line.split(separator)]) is not None:
            return place, separator
    return None, ","


def _separator(line: str) -> str:
    return max(_SEPARATORS, key=line.count)


def _is_text(member: Member) -> bool:
    return b"\x00" not in member.content[:4096] or member.content.startswith((b"\xff\xfe", b"\xfe\xff"))


def _has_header(member: Member) -> bool:
    return _is_text(member) and not _is_json(member) and _header(member)[0] is not None


def _has_none(member: Member) -> bool:
    if not _is_text(member) or _is_json(member):
        return False
    line = next(iter(member.text[:4096].splitlines()), "")
    fields = line.split(_separator(line))
    return len(fields) >= 3 and all(re.fullmatch(r"\s*\"?[\d.:eE+\-/ TZ]+\"?\s*|true|false", f, re.I) for f in fields)


def _is_json(member: Member) -> bool:
    return member.content[:200].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")


PARQUET = Form("parquet", lambda member: member.content.startswith(b"PAR1"), _read_parquet)
FEATHER = Form("feather", lambda member: member.content.startswith((b"ARROW1", b"FEA1")), _read_feather)
CSV = Form("csv", _has_header, _read_csv)
HEADERLESS = Form("headerless csv", _has_none, _read_headerless)
