"""Hashes of rows that a later migration has given another column."""

from adapters.evidence.marks import Mark, content_hash
from trading.audit import digest_row

ROW = {"symbol": "BTC/USDT", "rsi_14": 50.0, "note": None, "run_id": "r", "code_version": "0"}


def test_a_column_that_is_younger_than_its_row_changes_no_hash() -> None:
    stored = digest_row(ROW)
    assert content_hash(ROW, stored) == stored
    assert content_hash({**ROW, "recorded_at": None, "first_new": None}, stored) == stored
    assert content_hash({**ROW, "first_new": None, "second_new": None}, stored) == stored
    between = digest_row({**ROW, "first_new": None})
    assert content_hash({**ROW, "first_new": None, "second_new": None}, between) == between


def test_no_column_is_left_out_that_says_something_or_was_there_before() -> None:
    stored = digest_row(ROW)
    assert content_hash({**ROW, "first_new": 0.0}, stored) != stored
    assert content_hash({**ROW, "rsi_14": 50.1, "first_new": None}, stored) != stored
    without = {name: value for name, value in ROW.items() if name != "note"}
    assert content_hash(ROW, digest_row(without)) != digest_row(without)


def test_a_mark_is_equal_only_when_both_are_there() -> None:
    assert [Mark("x", *pair).word for pair in (("a", "a"), ("a", "b"), ("a", None), (None, "a"), (None, None))] == [
        "equal",
        "not equal",
        "missing",
        "missing",
        "missing",
    ]
