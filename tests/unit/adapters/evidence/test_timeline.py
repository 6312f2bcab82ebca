import pytest

from adapters.evidence.timeline import timeline
from tests.unit.adapters.evidence import made
from tests.unit.adapters.evidence.made import ENTRY, LOST, REFUSED


@pytest.mark.parametrize("ref", [ENTRY, "s1", "BTC/USDT#1"])
def test_the_story_of_an_order_has_all_sources_in_time_order(ref: str):
    moments = timeline(made.world().history(), ref)
    assert {moment.source for moment in moments} == {
        "outbox", "inbox", "decision", "order", "fills", "ledger", "wire", "venue", "audit"
    }  # fmt: skip
    assert [moment.at for moment in moments] == sorted(moment.at for moment in moments)
    told = [moment.what for moment in moments if ENTRY in moment.what]
    for line in (
        f"{ENTRY} INTENT > SENDING epoch=1",
        f"POST {ENTRY} > HTTP 200",
        f"accepted {ENTRY} as 1",
        f"trade 1 of {ENTRY}: 1 at 100.5",
        f"{ENTRY} trade 1 booked: 1 at 100.5",
    ):
        assert line in told, told


def test_all_attempts_of_an_order_are_one_story():
    told = [moment.what for moment in timeline(made.world().history(), LOST)]
    assert f"{LOST} UNKNOWN > ABSENT" in told
    assert f"POST {REFUSED} > HTTP 400 -2010" in told
    assert not [line for line in told if ENTRY in line]


def test_what_a_stranger_did_is_told_too():
    told = [(moment.source, moment.what) for moment in timeline(made.world().history(), "SOL/USDT#7")]
    assert told == [
        ("wire", "POST by-hand > HTTP 200"),
        ("venue", "accepted by-hand as 3"),
        ("venue", "trade 7 of by-hand: 1 at 20"),
    ]


def test_an_account_or_a_table_has_no_story():
    assert timeline(made.world().history(), "USDT") == []
