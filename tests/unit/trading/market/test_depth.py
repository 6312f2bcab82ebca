"""The levels of a book: equal to a plain dict over random changes, exact, and nothing of a bad change enters."""

import random
from decimal import Decimal

import pytest

from trading.errors import BadData
from trading.market.depth import Depth


def test_a_book_equals_a_plain_dict(seed: int) -> None:
    chance = random.Random(seed)
    for depth in (None, 1, 7):
        book, plain = Depth(), {"bids": dict[Decimal, Decimal](), "asks": dict[Decimal, Decimal]()}
        for _ in range(400):
            change = {side: [row(chance) for _ in range(chance.randrange(6))] for side in plain}
            book.change(change["bids"], change["asks"], depth)
            for side, rows in change.items():
                for price, quantity in rows:
                    plain[side][Decimal(price)] = Decimal(quantity)
                held = {price: quantity for price, quantity in plain[side].items() if quantity}
                best = sorted(held, reverse=side == "bids")[:depth]
                plain[side] = {price: held[price] for price in best}
            bids, asks = book.best(1000)
            assert [(level.price, level.quantity) for level in bids] == list(plain["bids"].items())
            assert [(level.price, level.quantity) for level in asks] == list(plain["asks"].items())
            assert book.levels == (len(bids), len(asks))


def row(chance: random.Random) -> list[str]:
    """Return a level on a small grid, its numbers written in one of several ways."""
    price, quantity = chance.randrange(1, 40), chance.choice((0, 0, chance.randrange(1, 10**9)))
    texts = [f"{price / 4:.2f}", f"{price / 4:.8f}", f"{price / 4:g}"]
    return [chance.choice(texts), chance.choice([f"{quantity}", f"{quantity}.000", f"{quantity}e-8"])]


def test_prices_one_digit_apart_are_two_levels_and_two_writings_are_one() -> None:
    book = Depth()
    book.change([["0.00000123456789012345", "1"], ["0.00000123456789012346", "2"]], [["12345678901234.5", "1"]])
    assert book.levels == (2, 1)
    book.change([["0.000001234567890123450", "5"]], [["12345678901234.50", "0"]])
    assert book.levels == (2, 0)
    assert book.best(2)[0][1].quantity == 5


def test_quantities_keep_their_digits() -> None:
    book = Depth()
    book.change([["1", "123456789012345678.123456789012345678"]], [])
    assert book.best(1)[0][0].quantity == Decimal("123456789012345678.123456789012345678")


BAD_NUMBERS = [
    "",
    " 1",
    "1 ",
    "+1",
    "-1",
    "nan",
    "inf",
    "1_0",
    "1,0",
    "1.2.3",
    ".",
    "x",
    "0x1",
    "1e999",
    "1" * 30,
    "\uff11",
]
BAD_ROWS = [*([text, "1"] for text in BAD_NUMBERS), *(["1", text] for text in BAD_NUMBERS)]
BAD_ROWS += [
    ["0", "1"],
    ["0.00", "1"],
    ["1"],
    [],
    ["1.234567890123456", "1"],
    [None, "1"],
    ["1", None],
    [1, "1"],
    [["1"], "1"],
]


@pytest.mark.parametrize("bad", [*BAD_ROWS, "12", {"0": "1"}, None, 7], ids=repr)
@pytest.mark.parametrize("side", ["bids", "asks"])
def test_nothing_of_a_bad_change_enters(bad: list[str], side: str) -> None:
    book = Depth()
    book.change([["9", "1"]], [["11", "1"]])
    good = [["9.5", "1"], ["10", "2"]]
    with pytest.raises(BadData):
        book.change(*(([*good, bad], good) if side == "bids" else (good, [*good, bad])))
    assert book.best_rows(9) == ([["9", "1"]], [["11", "1"]])


@pytest.mark.parametrize("bad", [None, "12", 3, {"a": 1}])
def test_what_is_no_list_of_levels_is_refused(bad: object) -> None:
    book = Depth()
    with pytest.raises(BadData):
        book.change(bad, [])  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("bids", "asks", "defect"),
    [
        ([], [], "no levels"),
        ([["1", "1"]], [], "no asks"),
        ([], [["1", "1"]], "no bids"),
        ([["2", "1"]], [["1", "1"]], "crossed: bid 2, ask 1"),
        ([["2", "1"]], [["2.0", "1"]], "crossed: bid 2, ask 2"),
        ([["1", "1"]], [["1.1", "1"]], None),
    ],
)
def test_a_book_that_is_none_says_why(bids: list[list[str]], asks: list[list[str]], defect: str | None) -> None:
    book = Depth()
    book.change(bids, asks)
    assert book.defect == defect
