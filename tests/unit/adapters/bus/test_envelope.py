import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.bus.envelope import MAX_BYTES, key_id, seal, unseal
from trading.errors import BadData

KEY = "k" * 32
SEALED = json.loads(seal("body", KEY))


@given(st.text())
def test_what_is_sealed_is_unsealed(body: str):
    assert unseal(seal(body, KEY), KEY) == body


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "empty"),
        (b"", "empty"),
        (b"x" * (MAX_BYTES + 1), "larger"),
        (b"not json", "not an envelope"),
        (b"\xff\xfe\x00", "not an envelope"),
        (b"[" * 100_000, "not an envelope"),
        (b'"schema"', "not an envelope"),
        (b"[1,2,3,4]", "not an envelope"),
        (b"null", "not an envelope"),
        (b"{}", "not an envelope"),
        (b"9" * 10_000, "not an envelope"),
        (json.dumps({**SEALED, "schema": 2}).encode(), "unknown schema 2"),
        (json.dumps({**SEALED, "schema": None}).encode(), "unknown schema"),
        (json.dumps({**SEALED, "key": "other"}).encode(), "unknown key"),
        (json.dumps({**SEALED, "key": key_id("x" * 32)}).encode(), "unknown key"),
        (json.dumps({**SEALED, "body": {"a": 1}}).encode(), "unknown key"),
        (json.dumps({**SEALED, "mac": 7}).encode(), "unknown key"),
        (json.dumps({**SEALED, "mac": "0" * 64}).encode(), "wrong signature"),
        (json.dumps({**SEALED, "mac": "\ud800"}).encode(), "wrong signature"),
        (json.dumps({**SEALED, "mac": "ä"}).encode(), "wrong signature"),
        (json.dumps({**SEALED, "body": "\ud800"}).encode(), "wrong signature"),
        (json.dumps({**SEALED, "body": "body "}).encode(), "wrong signature"),
        (seal("body", "x" * 32), "unknown key"),
    ],
)
def test_what_we_did_not_seal_is_refused(value: bytes | None, why: str):
    with pytest.raises(BadData, match=why):
        unseal(value, KEY)


@given(st.binary() | st.text().map(str.encode))
def test_noise_is_bad_data_and_nothing_else(value: bytes):
    with pytest.raises(BadData):
        unseal(value, KEY)


JSON = st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists, max_leaves=4)


@given(st.fixed_dictionaries({name: JSON | st.just(SEALED[name]) for name in SEALED}))
def test_an_envelope_with_strange_fields_is_bad_data_or_ours(fields: dict[str, object]):
    try:
        assert unseal(json.dumps(fields).encode(), KEY) == "body"
    except BadData:
        assert fields != SEALED


def test_the_key_itself_is_not_in_the_message():
    assert KEY.encode() not in seal("body", KEY)
    assert len(key_id(KEY)) == 8
