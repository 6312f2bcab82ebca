"""Bytes of a document as text: by its own marks first, then what it says, then what bytes of text usually are."""

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
#: What may be asked for: codecs that turn bytes into text and nothing else.
_TEXT = re.compile(
    r"(utf-?(8|16|32)(-?[lb]e)?|us-ascii|ascii|latin-?1|iso-?8859-\d{1,2}|windows-125\d|cp125\d|koi8-[ru]"
    r"|gb(2312|k|18030)|big5|euc-(jp|kr)|shift_?jis|iso-2022-jp)"
)


def decoded(body: bytes, charset: str | None) -> tuple[str, bool]:
    """Return the text of `body`, and whether any of it had to be guessed or replaced.

    `charset` is what the HTTP header says. A wrong claim is not believed: text that is valid UTF-8 is UTF-8.
    """
    for bom, name in _BOMS:
        if body.startswith(bom):
            return _replaced(body[len(bom) :], name)
    try:
        return body.decode("utf-8"), False
    except UnicodeDecodeError:
        pass
    inside = _DECLARED.match(body)
    for claim in (charset, inside.group(1).decode() if inside else None):
        if claim and _TEXT.fullmatch(claim.strip().lower()):
            try:
                return body.decode(claim.strip()), False
            except (UnicodeDecodeError, LookupError):
                continue
    return _replaced(body, "utf-8")


def _replaced(body: bytes, name: str) -> tuple[str, bool]:
    text = body.decode(name, errors="replace")
    return text, "\ufffd" in text
