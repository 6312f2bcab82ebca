"""The life of a book: snapshots and changes in every order, and each fault detected, whatever the venue's numbering."""

import random
from collections import Counter
from collections.abc import Callable

import pytest

from trading.market.book_checksum import checksum
from trading.market.book_keeper import BookKeeper
from trading.market.depth import Depth
from trading.order_book import BookState, BookUpdate, Checksum, ChecksumKind, Fate, Numbering

SNAPSHOT = {"bids": [["99", "1"], ["98", "2"]], "asks": [["101", "1"], ["102", "2"]]}


def snapshot(last: int | None = 100, *, asked: bool = True) -> BookUpdate:
    return BookUpdate("M", **SNAPSHOT, snapshot=True, asked=asked, last=last)


def ranged(first: int, last: int, price: str = "97", quantity: str = "1") -> BookUpdate:
    return BookUpdate("M", [[price, quantity]], [], numbering=Numbering.RANGE, first=first, last=last)


def chained(previous: int, last: int, first: int | None = None, price: str = "97") -> BookUpdate:
    return BookUpdate("M", [[price, "1"]], [], numbering=Numbering.CHAIN, first=first, last=last, previous=previous)


def rising(last: int) -> BookUpdate:
    return BookUpdate("M", [["97", "1"]], [], numbering=Numbering.RISE, last=last)


def kept(*updates: BookUpdate) -> tuple[BookKeeper, list[Fate]]:
    keeper = BookKeeper("M")
    return keeper, [keeper.take(update) for update in updates]


def test_changes_wait_for_the_snapshot_and_those_it_covers_are_stale() -> None:
    keeper, fates = kept(ranged(90, 95), ranged(96, 101), ranged(102, 103), snapshot(100))
    assert fates == [Fate.BUFFERED, Fate.BUFFERED, Fate.BUFFERED, Fate.APPLIED]
    assert (keeper.state, keeper.last, len(keeper.waiting)) == (BookState.LIVE, 103, 0)
    assert (keeper.tally.received, keeper.tally.applied, keeper.tally.stale) == (4, 3, 1)


@pytest.mark.parametrize("before", [True, False])
def test_a_snapshot_older_than_the_changes_is_asked_for_again(before: bool) -> None:
    keeper, _ = kept(*((ranged(105, 106), snapshot(100)) if before else (snapshot(100), ranged(105, 106))))
    assert keeper.state is BookState.SYNCING
    assert (keeper.tally.late_snapshots, keeper.tally.gaps, len(keeper.waiting)) == (1, 0, 1)
    keeper.take(snapshot(104))
    assert (keeper.state, keeper.last) == (BookState.LIVE, 106)


def test_an_older_answer_does_not_replace_a_living_book() -> None:
    keeper, fates = kept(snapshot(100), ranged(101, 120), snapshot(110))
    assert fates[-1] is Fate.STALE
    assert (keeper.last, keeper.depth.levels) == (120, (3, 2))


@pytest.mark.parametrize(
    ("late", "fate"),
    [
        (ranged(101, 101), Fate.APPLIED),
        (ranged(99, 101), Fate.APPLIED),
        (ranged(99, 100), Fate.STALE),
        (chained(100, 105), Fate.APPLIED),
        (chained(90, 105), Fate.APPLIED),  # the first change after a snapshot need only cover it
        (chained(90, 99), Fate.STALE),
        (rising(101), Fate.APPLIED),
        (rising(100), Fate.STALE),
        (BookUpdate("M", [["97", "1"]], []), Fate.APPLIED),
    ],
)
def test_the_first_change_after_a_snapshot(late: BookUpdate, fate: Fate) -> None:
    keeper, fates = kept(snapshot(100, asked=False), late)
    assert fates[-1] is fate
    assert keeper.state is BookState.LIVE


@pytest.mark.parametrize(
    ("later", "fate"),
    [
        (ranged(103, 103), Fate.GAP),
        (ranged(101, 101), Fate.STALE),
        (chained(102, 103), Fate.GAP),
        (chained(90, 103), Fate.GAP),
        (chained(100, 101), Fate.STALE),
        (chained(101, 50), Fate.APPLIED),  # OKX counts anew after maintenance and says what came before
        (chained(101, 101), Fate.APPLIED),  # and repeats a number to say that it lives
    ],
)
def test_a_later_change(later: BookUpdate, fate: Fate) -> None:
    first = ranged(101, 101) if later.numbering is Numbering.RANGE else chained(100, 101)
    keeper, fates = kept(snapshot(100, asked=False), first, later)
    assert fates[-1] is fate
    assert keeper.state is (BookState.BROKEN if fate is Fate.GAP else BookState.LIVE)
    assert keeper.tally.gaps == (fate is Fate.GAP)


def test_a_gap_in_a_stream_that_began_with_its_own_snapshot_is_not_explained_away() -> None:
    keeper, fates = kept(snapshot(100, asked=False), ranged(102, 102))
    assert (fates[-1], keeper.tally.gaps, keeper.tally.late_snapshots) == (Fate.GAP, 1, 0)


def test_a_broken_book_gives_no_quote_and_heals_with_a_snapshot() -> None:
    keeper, _ = kept(snapshot(100), ranged(101, 101), ranged(103, 103))
    assert keeper.view(5) is None
    assert keeper.reason == "gap: 103 after 101"
    assert keeper.take(ranged(104, 104)) is Fate.BUFFERED
    keeper.take(snapshot(103))
    book = keeper.view(1)
    assert book is not None
    assert (book.sequence, str(book.bids[0].price), str(book.asks[0].quantity)) == (104, "99", "1")


@pytest.mark.parametrize(
    ("bids", "asks", "reason"),
    [
        ([["101.5", "1"]], [], "crossed: bid 101.5, ask 101"),
        ([["99", "0"], ["98", "0.0"]], [], "no bids"),
        ([], [["101", "0"], ["102", "0"]], "no asks"),
        ([["x", "1"]], [], "unreadable levels: not a number: 'x'"),
    ],
)
def test_a_book_that_is_none_is_quarantined(bids: list[list[str]], asks: list[list[str]], reason: str) -> None:
    keeper, _ = kept(snapshot(100), BookUpdate("M", bids, asks, numbering=Numbering.RANGE, first=101, last=101))
    assert (keeper.state, keeper.reason, keeper.view(1)) == (BookState.BROKEN, reason, None)


def test_a_wrong_checksum_breaks_the_book() -> None:
    for kind in ChecksumKind:
        keeper, _ = kept(snapshot(None))
        right = Depth()
        right.change([*SNAPSHOT["bids"], ["97", "1"]], SNAPSHOT["asks"])
        value = checksum(kind, right)
        keeper.take(BookUpdate("M", [["97", "1"]], [], checksum=Checksum(kind, value)))
        assert (keeper.state, keeper.tally.checksums_ok) == (BookState.LIVE, 1)
        keeper.take(BookUpdate("M", [["97", "1"]], [], checksum=Checksum(kind, value ^ 1)))
        assert (keeper.state, keeper.tally.checksums_bad) == (BookState.BROKEN, 1)
        assert keeper.reason.startswith("checksum")


def test_a_lost_connection_is_an_explained_hole() -> None:
    keeper, _ = kept(snapshot(100), ranged(101, 101))
    keeper.restart("the connection was lost")
    assert keeper.state is BookState.SYNCING
    keeper.take(ranged(500, 500))
    keeper.take(snapshot(500))
    assert (keeper.state, keeper.tally.gaps, keeper.tally.restarts) == (BookState.LIVE, 0, 1)


def test_without_numbers_a_change_before_its_snapshot_cannot_be_placed() -> None:
    keeper, fates = kept(BookUpdate("M", [["97", "1"]], []), rising(5))
    assert fates == [Fate.STALE, Fate.STALE]
    assert not keeper.waiting


def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trading.market.book_keeper.MOST_WAITING", 3)
    keeper, _ = kept(*(ranged(n, n) for n in range(10)))
    assert (len(keeper.waiting), keeper.tally.stale) == (3, 7)


def numbered(numbering: Numbering, chance: random.Random, count: int) -> list[BookUpdate]:
    """Return changes in one venue's style; each sets a price that names it."""
    made, last = [], 100
    for number in range(count):
        step = chance.randrange(1, 5)
        price = [[f"{50 + number / 1000:.3f}", f"{number + 1}"]]
        first = last + 1
        made.append(BookUpdate("M", price, [], numbering=numbering, first=first, last=last + step, previous=last))
        last += step
    return made


@pytest.mark.parametrize("numbering", [Numbering.RANGE, Numbering.CHAIN])
@pytest.mark.parametrize("harm", ["drop", "swap", "repeat"])
def test_each_harm_to_a_numbered_stream_is_detected(numbering: Numbering, harm: str, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(100):
        updates = numbered(numbering, chance, 20)
        place = chance.randrange(1, 19)
        match harm:
            case "drop":
                del updates[place]
            case "swap":
                updates[place], updates[place + 1] = updates[place + 1], updates[place]
            case _:
                updates.insert(place + 1 + chance.randrange(3), updates[place])
        keeper, fates = kept(snapshot(100), *updates)
        count = Counter(fates)
        if harm == "repeat":
            assert (count[Fate.STALE], keeper.state, keeper.depth.levels[0]) == (1, BookState.LIVE, 22)
        elif harm == "drop" and place == 19:
            assert keeper.state is BookState.LIVE
        else:
            assert count[Fate.GAP] == 1
            assert keeper.state is BookState.BROKEN
        tally = keeper.tally
        assert tally.received == tally.applied + tally.stale + tally.gaps + tally.refused + len(keeper.waiting)


@pytest.mark.parametrize("corrupt", [lambda t: t + "1", lambda t: "1" + t, lambda t: t[:-1] + chr(ord(t[-1]) ^ 1)])
def test_each_corruption_within_the_checksum_is_detected(corrupt: Callable[[str], str], seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(100):
        rows = [[f"{90 + n}.5", f"{chance.randrange(1, 999)}.25"] for n in range(8)]
        right = Depth()
        right.change([*SNAPSHOT["bids"], *rows], [["200", "1"]])
        stated = Checksum(chance.choice(list(ChecksumKind)), 0)
        stated = Checksum(stated.kind, checksum(stated.kind, right))
        harmed = [list(row) for row in rows]
        place = chance.randrange(8)
        harmed[place][1] = corrupt(harmed[place][1])
        keeper = BookKeeper("M")
        keeper.take(BookUpdate("M", SNAPSHOT["bids"], [["200", "1"]], snapshot=True))
        keeper.take(BookUpdate("M", harmed, [], checksum=stated))
        assert keeper.state is BookState.BROKEN
