"""What a taxpayer has noted: each word as its event, assumptions explained, and books that still tie."""

import random
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.unit.trading.tax.test_books import books_told
from tests.unit.trading.tax.traded import HOUR, START, Traded, traded
from trading.errors import BadData, Misconfigured
from trading.tax.books import Assumed, Book, Capital
from trading.tax.compute import compute
from trading.tax.countries.generic import generic
from trading.tax.countries.us import US
from trading.tax.events import Acquisition, AcquisitionKind, Adjustment, Disposal, DisposalKind, Split, Transfer, Wallet
from trading.tax.ledger_tie import tie
from trading.tax.methods.method import Method
from trading.tax.noted import WHATS, Noted, event_of, noted
from trading.tax.rates import Markets, Rates

NO_RATES = Rates(Markets("USD", ()), {})
AT = START.isoformat()


def row(**told: str) -> Noted:
    return noted([{"ts": AT, "asset": "BTC", "quantity": "2", "wallet": "cold", **told}])[0]


def event(**told: str):
    return event_of(row(**told), {"b": Wallet("binance", "b")}, "USD", NO_RATES)


def test_each_word_is_its_event() -> None:
    staked = event(what="staking", value="9")
    assert isinstance(staked, Acquisition)
    assert (staked.kind, staked.quantity, staked.value, staked.wallet) == (
        AcquisitionKind.STAKING,
        2,
        9,
        Wallet("cold"),
    )
    paid, got = (event(what="funding", quantity=quantity, value="9") for quantity in ("-2", "2"))
    assert isinstance(paid, Disposal)
    assert isinstance(got, Acquisition)
    assert (paid.kind, paid.quantity) == (DisposalKind.FUNDING, 2)
    assert got.kind is AcquisitionKind.FUNDING
    moved = event(what="transfer", to="b", received="1.9", value="7")
    assert isinstance(moved, Transfer)
    assert (moved.source, moved.target, moved.sent, moved.received, moved.value) == (
        Wallet("cold"),
        Wallet("binance", "b"),
        2,
        Decimal("1.9"),
        7,
    )
    sold = event(what="sell", value="9", fee="1")
    assert isinstance(sold, Disposal)
    assert sold.fee == 1
    assert isinstance(event(what="split", received="20"), Split)
    assert isinstance(event(what="adjustment", value="-3"), Adjustment)
    given = event(what="gift", value="3", held_since="2020-01-02")
    assert isinstance(given, Acquisition)
    assert given.held_since is not None
    for what in WHATS:
        assert event(what=what, value="1", received="1", to="b")


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"what": "steal"}, "row 1: what 'steal' is none of adjustment, airdrop, buy"),
        ({"what": "buy", "quantity": "two"}, "row 1: not a number: 'two'"),
        ({"what": "buy", "ts": "yesterday"}, "row 1: Invalid isoformat string"),
        ({"what": "sell", "quantity": "-1", "value": "1"}, "noted:1: -1 is no quantity"),
        ({"what": "transfer", "to": "cold", "value": "0"}, "noted:1: a transfer from"),
        ({"what": "buy", "asset": "usd", "value": "1"}, "noted:1: USD is the currency itself and has no lots"),
        ({"what": "staking"}, "what a BTC was worth in USD at 2024-03-01 00:00:00 UTC is not known"),
    ],
)
def test_a_row_that_cannot_be_is_named(told: dict[str, str], why: str) -> None:
    with pytest.raises(Misconfigured, match=why):
        event(**told)


def explained(made: Traded, assumed: tuple[Assumed, ...]) -> list[Noted]:
    """Return what the accepted differences of a book really were, and what happened in a wallet besides."""
    draw = random.Random(made.seed)
    notes: list[Noted] = []
    for each in assumed:
        units, told = abs(each.quantity), {"id": f"n{len(notes)}", "explains": each.event_id, "asset": each.asset}
        if each.what == "DEPOSIT":
            continue
        if each.quantity < 0:
            received = units * draw.randint(900, 1000) / 1000
            told |= {"what": "transfer", "quantity": str(units), "received": str(received), "wallet": made.name}
            told |= {"to": "cold"}
        else:
            told |= {"what": draw.choice(("staking", "airdrop", "gift")), "quantity": str(units), "wallet": made.name}
        notes += noted([{**told, "ts": each.ts.isoformat()}])
    outside = (
        {"what": "buy", "quantity": "5", "value": "99.5", "fee": "0.5"},
        {"what": "funding", "quantity": "0.5"},
        {"what": "funding", "quantity": "-0.25"},
        {"what": "adjustment", "value": "3"},
        {"what": "spouse", "quantity": "-1", "value": "50"},
        {"what": "fee", "quantity": "0.125"},
    )
    for number, told in enumerate(outside):
        ts = (START + (number + 1) * HOUR).isoformat()
        notes += noted([{"id": f"o{number}", "ts": ts, "asset": "BNB", "wallet": "cold", **told}])
    return notes


@pytest.mark.parametrize("country", [US, generic("USD"), generic("EUR")], ids=("us", "usd", "eur"))
def test_books_with_notes_tie_with_their_ledgers(country) -> None:
    moved = 0
    for seed in range(25):
        made = traded(seed, orders=25)
        books = [made.book()]
        notes = explained(made, books_told(books, country.currency).assumed)
        known = books_told(books, country.currency, notes=notes)
        moved += sum(each.what == "transfer" for each in notes)
        assert {each.what for each in known.assumed} <= {"DEPOSIT"}
        done = compute(known.events, country, Method.FIFO)
        found = tie(books, done, known)
        assert {each.asset: each.lots for each in found.held if each.lots} == {
            coin: units for coin, units in books[0].owned.items() if coin != country.currency
        }
    assert moved > 5


def test_a_note_about_a_book_must_explain_what_its_ledger_has() -> None:
    book = Book("b", "binance", [], [Capital("DEPOSIT", START, "BTC", Decimal(2))], {"BTC": Decimal(2)})
    note = replace(row(what="transfer", to="b", value="1", received="1.5"), received=Decimal(2), value=None)
    bought = row(what="buy", value="5", id="first")
    known = books_told([book], "USD", notes=[bought, replace(note, name="m", explains="")])
    with pytest.raises(BadData, match="a note of --events about this book must explain an assumed event"):
        tie([book], compute(known.events, US, Method.FIFO), known)
    opening = books_told([book], "USD").assumed[0].event_id
    known = books_told([book], "USD", notes=[bought, replace(note, name="m", explains=opening)])
    found = tie([book], compute(known.events, US, Method.FIFO), known)
    assert (found.given, found.left, known.assumed) == (5, 5, ())
    with pytest.raises(
        Misconfigured, match=r"--events explains nothing, which is not assumed; there are: b:deposit:BTC"
    ):
        books_told([book], "USD", notes=[replace(note, explains="nothing")])
