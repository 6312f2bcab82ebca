"""A thousand lies about the audit chain, seeded: each is found, and the first bad row is named."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.store.anchors import Anchor, AnchorFile
from adapters.store.audit_chain import GENESIS, Event, digest, verify
from trading.errors import BadData

LIES = 1_000  # of the five kinds; the sixth is an edit that mends its own hash


def linked(events: list[Event], first: int = 0) -> list[Event]:
    """Return the chain with numbers, links and hashes made anew from index `first` on."""
    chain = events[:first]
    for event in events[first:]:
        previous = chain[-1].hash if chain else GENESIS
        loose = event._replace(seq=len(chain) + 1, previous=previous)
        chain.append(loose._replace(hash=digest(loose)))
    return chain


def honest(chance: random.Random) -> tuple[list[Event], list[Anchor]]:
    """Return a chain of random length, and anchors of some of its rows, the last one among them."""
    length = chance.randint(4, 40)
    kinds = ("order", "fill", "halted", "alarm")
    rows = [
        Event(0, f"{1_700_000_000 + n}.{chance.randrange(10**6):06d}", "execution", chance.choice(kinds),
              f"tw-{chance.randrange(10**9)}|{n}", f'{{"n": {n}, "x": "{chance.random()}"}}', "", "")
        for n in range(length)
    ]  # fmt: skip
    chain = linked(rows)
    places = sorted({*chance.sample(range(length), chance.randint(0, length // 3)), length - 1})
    return chain, [Anchor(chain[n].seq, chain[n].hash, "2026-03-01T00:00:00+00:00", "") for n in places]


def other(chance: random.Random, event: Event) -> Event:
    """Return `event` with one field changed."""
    field = chance.choice(("at", "actor", "kind", "ref", "payload"))
    return event._replace(**{field: getattr(event, field) + chance.choice(("0", " ", "|x"))})


Lie = Callable[[random.Random, list[Event]], tuple[list[Event], range]]


def edit(chance: random.Random, chain: list[Event]) -> tuple[list[Event], range]:
    n = chance.randrange(len(chain))
    return [*chain[:n], other(chance, chain[n]), *chain[n + 1 :]], range(n + 1, n + 2)


def edit_with_hash(chance: random.Random, chain: list[Event]) -> tuple[list[Event], range]:
    n = chance.randrange(len(chain))
    changed = other(chance, chain[n])._replace(actor="somebody", kind="order")
    return [*chain[:n], changed._replace(hash=digest(changed)), *chain[n + 1 :]], range(n + 1, n + 2)


def delete(chance: random.Random, chain: list[Event]) -> tuple[list[Event], range]:
    n = chance.randrange(len(chain) - 1)
    rest = chain[n + 1 :]
    if chance.random() < 0.5:
        rest = [event._replace(seq=event.seq - 1) for event in rest]
    return [*chain[:n], *rest], range(n + 1, n + 2)


def reorder(chance: random.Random, chain: list[Event]) -> tuple[list[Event], range]:
    a, b = sorted(chance.sample(range(len(chain)), 2))
    lying = list(chain)
    lying[a], lying[b] = chain[b]._replace(seq=a + 1), chain[a]._replace(seq=b + 1)
    return lying, range(a + 1, a + 2)


def cut(chance: random.Random, chain: list[Event]) -> tuple[list[Event], range]:
    n = chance.randrange(len(chain))
    return chain[:n], range(n + 1, n + 2)


def rewrite(chance: random.Random, chain: list[Event]) -> tuple[list[Event], range]:
    """Change one row and make all hashes from it on anew, sometimes with more rows behind."""
    n = chance.randrange(len(chain))
    changed = chain[n]._replace(payload='{"lie": true}')
    return linked([*chain[:n], changed, *chain[n + 1 :], *chain[: chance.choice((0, 3))]], n), range(1, n + 2)


@pytest.mark.parametrize("lie", [edit, edit_with_hash, delete, reorder, cut, rewrite], ids=lambda lie: lie.__name__)
def test_every_lie_is_found_and_the_first_bad_row_named(lie: Lie, seed: int) -> None:
    chance = random.Random(f"{seed}-{lie.__name__}")
    for number in range(LIES // 5):
        chain, anchors = honest(chance)
        assert verify(chain, anchors).flaw is None
        lying, first = lie(chance, chain)
        flaw = verify(lying, anchors).flaw
        assert flaw is not None, number
        # What was made anew with hashes that fit can be told from the anchors alone: between two of them.
        truth = first[-1]
        assert flaw.since <= truth <= flaw.seq, (number, flaw, truth)
        if lie is rewrite:
            assert flaw.since == max((a.seq for a in anchors if a.seq < truth), default=0) + 1, (number, flaw)
            assert flaw.seq == min(a.seq for a in anchors if a.seq >= truth), (number, flaw)
        else:
            assert flaw.seq == truth, (number, flaw, truth)


def test_without_anchors_only_what_the_end_hides_is_lost() -> None:
    chain, _ = honest(random.Random(1))
    assert verify(chain, []).flaw is None
    assert verify(chain[:-1], []).flaw is None
    assert verify([], []).flaw is None


def test_text_moved_over_a_bar_is_a_change() -> None:
    """The joined text of the two rows, and so their hash, is the same."""
    row = Event(1, "1.0", "guard", "alarm", "x|y", "{}", GENESIS, "")
    moved = row._replace(kind="alarm|x", ref="y")
    assert digest(row) == digest(moved)
    assert verify([row._replace(hash=digest(row))], []).flaw is None
    assert verify([moved._replace(hash=digest(moved))], []).flaw is not None


def test_anchors_outlive_a_torn_line_and_tell_when_they_were_changed(tmp_path: Path) -> None:
    file = AnchorFile(tmp_path)
    assert (file.read(), file.newest()) == ([], None)
    for seq in range(1, 40):
        file.add(seq, f"{seq:064d}", "2026-03-01T00:00:00+00:00")
    with file.path.open("ab") as torn:
        torn.write(b'{"seq": 40, "ha')
    assert (len(file.read()), file.newest()) == (39, file.read()[-1])
    file.add(41, "a" * 64, "2026-03-01T00:00:01+00:00")
    assert [anchor.seq for anchor in file.read()] == [*range(1, 40), 41]
    lines = file.path.read_bytes().splitlines(keepends=True)
    for lie in (lines[1:], [*lines[:5], *lines[6:]], [lines[1], lines[0], *lines[2:]], [b"{}\n"],
                [lines[0].replace(b'"seq":1', b'"seq":2'), *lines[1:]]):  # fmt: skip
        file.path.write_bytes(b"".join(lie))
        with pytest.raises(BadData, match=r"was changed, or lines before it are missing"):
            file.read()
    file.path.write_bytes(b"rubbish\n")
    with pytest.raises(BadData, match="is no anchor"):
        file.add(42, "b" * 64, "2026-03-01T00:00:02+00:00")
