"""The options by which `backtest`, `tune` and `montecarlo` say how much is traded, with what, and what it costs."""

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from cli.session.plan import LEAST_HISTORY
from trading.errors import BadData, Misconfigured
from trading.money import decimal

if TYPE_CHECKING:
    from cli.session.backtest import Terms

Steps = Annotated[
    int | None, typer.Option(help="How many bars at the end are traded (all after the history).", min=1, max=10_000_000)
]
History = Annotated[int, typer.Option(help="Bars of history before them.", min=LEAST_HISTORY, max=1_000_000)]
Capital = Annotated[str, typer.Option(help="What it begins with, in the quote currency.")]
Fee = Annotated[str | None, typer.Option(help="Fee as a fraction, 0.001 is 0.1 % (that of the market).")]
HalfSpread = Annotated[str, typer.Option(help="Half the spread, in basis points of the price.")]
Retrain = Annotated[int, typer.Option(help="Train the models anew after so many bars; 0: once, at the start.", min=0)]


def terms_of(capital: str, fee: str | None, half_spread: str, retrain: int) -> "Terms":
    """Return the terms that the options mean; Misconfigured names one that is wrong."""
    from cli.session.backtest import Terms

    return Terms(
        capital=amount("--capital", capital, Decimal(1), Decimal(10**12)),
        fee=None if fee is None else amount("--fee", fee, Decimal(0), Decimal("0.1")),
        half_spread_bps=amount("--half-spread", half_spread, Decimal(0), Decimal(1000)),
        retrain=retrain,
    )


def amount(option: str, said: str, least: Decimal, most: Decimal) -> Decimal:
    """Return what `option` says; Misconfigured where it is no number from `least` to `most`."""
    try:
        value = decimal(said)
    except BadData as error:
        raise Misconfigured(f"{option}: {error}") from None
    if not least <= value <= most:
        raise Misconfigured(f"{option} {said} is not between {least} and {most}")
    return value
