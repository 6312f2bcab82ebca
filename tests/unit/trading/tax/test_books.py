"""Books as tax events: what the lots hold is what the ledger holds, and all that they explain is what it moved."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.unit.trading.tax.traded import SERIES, START, Traded, closes, traded
from trading.errors import BadData, Misconfigured
from trading.fill import Fill
from trading.order import Side
from trading.tax.books import Book, Capital, Cost, Told, told, wanted
from trading.tax.compute import compute
from trading.tax.countries.generic import generic
from trading.tax.countries.uk import UK
from trading.tax.countries.us import US
from trading.tax.country import Country
from trading.tax.events import Acquisition, Disposal, DisposalKind
from trading.tax.ledger_tie import Tie, tie
from trading.tax.methods.method import Method
from trading.tax.noted import Noted
from trading.tax.rates import Markets, Rates, questions

CASES = [
    *((US, method) for method in (Method.FIFO, Method.LIFO, Method.HIFO, Method.LOFO)),
    *((generic(currency), method) for currency in ("USD", "USDT", "EUR") for method in (Method.FIFO, Method.AVERAGE)),
    (replace(UK, currency="USD"), Method.SECTION_104),
]


def books_told(
    books: list[Book], currency: str, costs: dict[str, Cost] | None = None, notes: Sequence[Noted] = ()
) -> Told:
    markets = Markets(currency, tuple(sorted(SERIES)))
    asked = questions(markets, wanted(books, currency, costs or {}, notes))
    return told(books, currency, Rates(markets, closes(asked)), costs or {}, notes)


def tied(books: list[Book], country: Country, method: Method, costs: dict[str, Cost] | None = None) -> Tie:
    known = books_told(books, country.currency, costs)
    return tie(books, compute(known.events, country, method), known)


@pytest.mark.parametrize("first", range(0, 100, 10))
def test_a_hundred_books_tie_with_their_ledgers_to_the_last_unit(first: int) -> None:
    kinds: set[str] = set()
    for seed in range(first, first + 10):
        country, method = CASES[seed % len(CASES)]
        book = traded(seed).book()
        found = tied([book], country, method)
        home = country.currency
        assert {row.asset: row.lots for row in found.held if row.lots} == {
            coin: units for coin, units in book.owned.items() if coin != home
        }
        kinds |= {"fee" if trade.fee > 0 else "rebate" if trade.fee < 0 else "free" for trade in book.trades}
        kinds |= {each.kind for each in book.capital}
    assert kinds >= {"fee", "rebate", "free", "DEPOSIT"}


def test_books_of_one_taxpayer_share_their_lots_and_each_ties() -> None:
    books = [traded(seed).book() for seed in (1, 2, 3)]
    found = tied(books, replace(UK, currency="USD"), Method.SECTION_104)
    assert {row.book for row in found.held} == {"book-1", "book-2", "book-3"}


def opened(made: Traded) -> Book:
    return replace(made.book(), trades=[])


def test_a_ledger_that_holds_something_else_is_named() -> None:
    book = traded(4).book()
    off = replace(book, owned={**book.owned, "BNB": book.owned["BNB"] + Decimal("1e-18")})
    with pytest.raises(BadData, match=r"BNB of book book-4: lots hold \S+, trading\.balances"):
        tied([off], US, Method.FIFO)
    off = replace(book, owned={**book.owned, "USD": book.owned["USD"] + Decimal("1e-18")})
    with pytest.raises(BadData, match=r"the lots explain \S+ USD, the ledger moved"):
        tied([off], US, Method.FIFO)


def test_an_opening_is_worth_what_the_market_says_or_cost_what_a_person_says() -> None:
    capital = [Capital("DEPOSIT", START, "BTC", Decimal(1)), Capital("DEPOSIT", START, "BTC", Decimal(3))]
    book = Book("b", "binance", [], capital, {"BTC": Decimal(4)})
    known = books_told([book], "USD")
    (event,) = known.events
    assert isinstance(event, Acquisition)
    assert (event.quantity, event.value) == (4, 4 * Decimal(56_000) * Decimal("1.08"))
    assert [(row.asset, row.quantity, row.given) for row in known.assumed] == [("BTC", 4, False)]
    since = datetime(2020, 1, 1, tzinfo=UTC)
    known = books_told([book], "USD", {"BTC": Cost(Decimal(9_000), since)})
    (event,) = known.events
    assert isinstance(event, Acquisition)
    assert (event.value, event.held_since, known.assumed[0].given, known.rates) == (9_000, since, True, {})


def test_the_cost_of_a_coin_is_shared_among_its_openings() -> None:
    books = [
        Book(name, "binance", [], [Capital("DEPOSIT", START, "BTC", Decimal(units))], {"BTC": Decimal(units)})
        for name, units in (("a", 1), ("b", 2))
    ]
    known = books_told(books, "USD", {"BTC": Cost(Decimal(10))})
    values = [event.value for event in known.events if isinstance(event, Acquisition)]
    assert sum(values) == 10
    assert values[0] == Decimal("3.333333333333333333")


@pytest.mark.parametrize(
    ("costs", "why"),
    [
        ({"DOGE": Cost(Decimal(1))}, "--cost DOGE: no book began with any DOGE"),
        ({"BTC": Cost(Decimal(1), datetime(2025, 1, 1, tzinfo=UTC))}, "--cost BTC: held since 2025-01-01 is after"),
    ],
)
def test_a_cost_that_cannot_be_is_refused(costs: dict[str, Cost], why: str) -> None:
    book = Book("b", "binance", [], [Capital("DEPOSIT", START, "BTC", Decimal(1))], {"BTC": Decimal(1)})
    with pytest.raises(Misconfigured, match=why):
        books_told([book], "USD", costs)


def test_a_difference_that_a_person_accepted_is_bought_or_sold_at_its_worth() -> None:
    capital = [
        Capital("DEPOSIT", START, "BTC", Decimal(2)),
        Capital("ADJUSTMENT", START, "BTC", Decimal(-1)),
        Capital("ADJUSTMENT", START, "USD", Decimal(5)),
    ]
    known = books_told([Book("b", "binance", [], capital, {})], "USD")
    assert [type(event) for event in known.events] == [Disposal, Acquisition]
    assert [(row.what, row.quantity) for row in known.assumed] == [("ADJUSTMENT", -1), ("DEPOSIT", 2)]


def bought(symbol: str, side: Side, price: str, fee: str, coin: str) -> Fill:
    return Fill("binance", symbol, "1", "v", "", side, Decimal(price), Decimal(100), Decimal(fee), coin, START)


def test_a_market_whose_base_is_the_currency_is_a_trade_of_its_quote() -> None:
    buys, sells = (bought("USD/USDT", side, "1.25", "0.5", "USDT") for side in (Side.BUY, Side.SELL))
    book = Book("b", "binance", [buys], [], {})
    spent, fee = books_told([book], "USD").events
    assert isinstance(spent, Disposal)
    assert isinstance(fee, Disposal)
    assert (spent.asset, spent.quantity, spent.value, spent.fee) == ("USDT", 125, 100, Decimal("0.4"))
    assert (fee.asset, fee.quantity, fee.kind) == ("USDT", Decimal("0.5"), DisposalKind.FEE)
    got, fee = books_told([replace(book, trades=[sells])], "USD").events
    assert isinstance(got, Acquisition)
    assert (got.asset, got.quantity, got.cost) == ("USDT", 125, Decimal("100.4"))


def test_a_rebate_lowers_the_cost_or_raises_the_proceeds_and_is_a_coin_that_came_in() -> None:
    book = Book("b", "binance", [bought("BTC/USD", Side.BUY, "100", "-2", "BNB")], [], {})
    got, rebate = books_told([book], "USD").events
    worth = 2 * Decimal("590") * Decimal("0.9991")
    assert isinstance(got, Acquisition)
    assert isinstance(rebate, Acquisition)
    assert (got.value, got.fee) == (10_000 - worth, 0)
    assert (rebate.asset, rebate.quantity, rebate.value) == ("BNB", 2, worth)
    (sold,) = books_told([replace(book, trades=[bought("BTC/USD", Side.SELL, "10", "-2", "USD")])], "USD").events
    assert isinstance(sold, Disposal)
    assert (sold.value, sold.fee) == (1002, 0)
