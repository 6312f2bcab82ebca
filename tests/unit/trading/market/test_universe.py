"""What a venue lists, through time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from trading.errors import BadData
from trading.listing import Listing
from trading.market.universe import DELISTED, universe

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def listing(base: str, **more: object) -> Listing:
    nothing = dict.fromkeys(("tick", "lot", "min_quantity", "min_notional", "maker_fee", "taker_fee"))
    return Listing("v", f"{base}/USDT", "spot", base, "USDT", "", **{**nothing, **more})  # pyright: ignore[reportArgumentType]


def by_symbol(*listings: Listing) -> dict[str, Listing]:
    return {one.symbol: one for one in listings}


def test_what_is_gone_was_delisted_when_that_was_noticed() -> None:
    one, other = listing("A", listed_at=NOW - 9 * DAY), listing("B")
    assert universe(by_symbol(one, other), [other], NOW) == [replace(one, status=DELISTED, delisted_at=NOW), other]


def test_a_stated_end_is_kept_when_it_has_come() -> None:
    future = listing("A", delisted_at=NOW - DAY)
    (ended,) = universe(by_symbol(future), [], NOW)
    assert (ended.status, ended.delisted_at) == (DELISTED, NOW - DAY)
    (early,) = universe(by_symbol(replace(future, delisted_at=NOW + DAY)), [], NOW)
    assert early.delisted_at == NOW


def test_what_is_delisted_is_not_delisted_again_and_may_return() -> None:
    gone = listing("A", status=DELISTED, listed_at=NOW - 9 * DAY, delisted_at=NOW - DAY)
    assert universe(by_symbol(gone), [], NOW) == []
    assert universe(by_symbol(gone), [listing("A")], NOW) == [listing("A")]  # another one, as far as we know


def test_a_date_that_was_stated_once_is_kept() -> None:
    dated = listing("A", listed_at=NOW - 9 * DAY)
    assert universe(by_symbol(dated), [listing("A")], NOW) == [dated]


@pytest.mark.parametrize(
    ("known", "gone", "believed"), [(3, 3, True), (4, 4, False), (100, 20, True), (100, 21, False)]
)
def test_an_answer_cut_short_delists_nobody(known: int, gone: int, believed: bool) -> None:
    listings = [listing(f"C{number}") for number in range(known)]
    if believed:
        assert sum(one.status == DELISTED for one in universe(by_symbol(*listings), listings[gone:], NOW)) == gone
    else:
        with pytest.raises(BadData, match=f"{gone} of {known} markets are missing"):
            universe(by_symbol(*listings), listings[gone:], NOW)
