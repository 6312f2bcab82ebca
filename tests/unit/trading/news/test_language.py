"""The language of a text."""

import pytest

from trading.news.language import language, stated


@pytest.mark.parametrize(
    ("text", "said", "found"),
    [
        ("Bitcoin falls", "en", ("en", False)),
        ("Bitcoin steigt", "de", ("de", False)),
        ("ビットコイン BTC", "en", ("ja", True)),
        ("日本でビットコイン", "ja", ("ja", False)),
        ("比特币上涨", "zh", ("zh", False)),
        ("比特币上涨", "en", ("und", True)),
        ("비트코인 상승", "ko", ("ko", False)),
        ("Биткоин растёт", "ru", ("ru", False)),
        ("Биткоин растёт", "en", ("und", True)),
        ("Bitcoin falls", "ru", ("und", True)),
        ("123 + 45", "en", ("en", False)),
        ("\u202e\ud800", "en", ("en", False)),
    ],
)
def test_the_script_has_the_last_word(text: str, said: str, found: tuple[str, bool]) -> None:
    assert language(text, said) == found


@pytest.mark.parametrize(
    ("tag", "found"),
    [("en-US", "en"), ("EN_us", "en"), ("deu", "deu"), ("", None), (None, None), ("english", None), ("e", None)],
)
def test_a_stated_language(tag: str | None, found: str | None) -> None:
    assert stated(tag) == found
