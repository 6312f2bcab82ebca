"""Bytes as text, whatever they say they are."""

import pytest

from adapters.news.encoding import decoded

TEXT = "B\u00f6rse \u201cup\u201d"


@pytest.mark.parametrize(
    ("body", "charset", "text", "guessed"),
    [
        (TEXT.encode(), "iso-8859-1", TEXT, False),
        (TEXT.encode(), "utf-7", TEXT, False),
        (TEXT.encode("utf-8-sig"), "windows-1252", TEXT, False),
        (TEXT.encode("utf-16"), None, TEXT, False),
        (b"\xff\xfe" + TEXT.encode("utf-16-le") + b"x", None, TEXT + "\ufffd", True),
        (TEXT.encode("utf-32"), None, TEXT, False),
        (TEXT.encode("windows-1252"), "windows-1252", TEXT, False),
        (b"<?xml version='1.0' encoding='windows-1252'?>" + TEXT.encode("windows-1252"), None, None, False),
        (TEXT.encode("windows-1252"), "us-ascii", "B\ufffdrse \ufffdup\ufffd", True),
        (b"\xff\xff", "rot13", "\ufffd\ufffd", True),
        (b"\xff\xff", "zlib_codec", "\ufffd\ufffd", True),
        (b"", None, "", False),
    ],
)
def test_decoded(body: bytes, charset: str | None, text: str | None, guessed: bool) -> None:
    found, replaced = decoded(body, charset)
    assert replaced is guessed
    assert found == text if text is not None else found.endswith(TEXT)
