"""What a tax report assumes, in sentences: a reader must see it before the numbers are used."""

from collections.abc import Sequence

from trading.money import text
from trading.tax.books import Assumed, Book, Told
from trading.tax.computation import Computation
from trading.tax.methods.method import Method


def words(books: Sequence[Book], told: Told, done: Computation, zone: str) -> list[str]:
    """Return one sentence for each thing that was assumed, what weighs most first."""
    currency = done.country.currency
    said = [
        *_openings([each for each in told.assumed if each.what == "DEPOSIT"], currency),
        *_corrections([each for each in told.assumed if each.what != "DEPOSIT"], currency),
        *_pars(told, currency),
    ]
    for book in books:
        if book.foreign:
            said.append(
                f"{len(book.foreign)} trades of book {book.name} were made on its account by somebody else than"
                " Tradewind; they are counted as the taxpayer's own."
            )
        if book.reversed_journals:
            said.append(
                f"{len(book.reversed_journals)} journals of book {book.name} were taken back; they are counted as if"
                f" they had never been: {', '.join(book.reversed_journals)}."
            )
    if told.noted:
        said.append(
            f"Events outside the books are counted as the taxpayer has noted them (--events): {len(told.noted)}."
        )
    if told.rates:
        said.append(
            "Coins are valued at the newest close of a bar that was known at the time of the trade, at most three days"
            " after the bar opened."
        )
    said.append(f"Days and years are those of {zone}.")
    names = ", ".join(book.name for book in books) + (" or was noted" if told.noted else "")
    said.append(
        f"All that is told here happened in {names}: coins, losses and income elsewhere are not known"
        f"{_elsewhere(done)}."
    )
    return said


def _openings(rows: Sequence[Assumed], currency: str) -> list[str]:
    given = sorted({each.asset for each in rows if each.given})
    market = sorted({each.asset for each in rows if not each.given})
    said: list[str] = []
    if market:
        coins = ", ".join(market)
        said.append(
            f"What the books began with of {coins} is counted as bought at its worth in {currency} at that moment,"
            " for nobody has told what it had cost; say so with --cost where it is known."
        )
    if given:
        said.append(f"What was there of {', '.join(given)} at the beginning had cost what --cost says.")
    return said


def _corrections(rows: Sequence[Assumed], currency: str) -> list[str]:
    if not rows:
        return []
    told = ", ".join(f"{text(each.quantity)} {each.asset}" for each in rows)
    return [
        f"Differences to the venue that a person has accepted ({told}) are counted as bought or sold at their worth in"
        f" {currency} at that moment: what they really were is not known here."
    ]


def _pars(told: Told, currency: str) -> list[str]:
    pars = {part for _, way in told.rates for part in way.split(", ") if part.endswith(" declared equal")}
    return [
        f"{par.removesuffix(' declared equal').replace('=', ' is counted as one ')}, as --par declares: its real price"
        f" may differ, and so may the amounts in {currency}."
        for par in sorted(pars)
    ]


def _elsewhere(done: Computation) -> str:
    if done.country.per_wallet_from is None and (done.country.code != "generic" or done.method is Method.AVERAGE):
        return ", though the lots of all wallets of a taxpayer count together"
    return ""
