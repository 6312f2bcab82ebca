"""The tax lot engine: events in, gains, income and what is left out, and proof that it all ties."""

from collections.abc import Iterable, Sequence
from datetime import UTC, tzinfo
from decimal import localcontext

from trading.money import CONTEXT
from trading.tax import identification
from trading.tax.computation import Computation
from trading.tax.country import Country
from trading.tax.events import Event, Wallet, in_order
from trading.tax.income import income
from trading.tax.matching import Matching
from trading.tax.methods.method import Method
from trading.tax.proof import prove


def compute(
    events: Iterable[Event],
    country: Country,
    method: Method | None = None,
    zone: tzinfo = UTC,
    first_wallets: Sequence[Wallet] = (),
) -> Computation:
    """Return what `events`, all of them from the beginning, mean in `country`; days and years are those of `zone`.

    Money is exact to a grain (trading.tax.apportion); nothing is rounded to cents here. `first_wallets` take the oldest
    lots when wallets get their own.

    Raises:
        Misconfigured: the country forbids the method.
        BadData: the events do not fit together: more goes out than came in, an id comes twice, a lot is not there.
    """
    chosen = country.method(method)
    with localcontext(CONTEXT):
        ordered = in_order(events)
        if chosen is Method.SECTION_104:
            gains, remaining, balances = identification.identify(ordered, country, zone)
        else:
            matching = Matching(country, chosen, zone, first_wallets)
            for event in ordered:
                matching.apply(event)
            gains, remaining, balances = matching.gains, matching.remaining(), matching.balances
        done = Computation(
            country=country,
            method=chosen,
            zone=zone,
            gains=tuple(gains),
            income=tuple(income(ordered, country.income)),
            remaining=tuple(remaining),
            balances=balances.settled(),
        )
        prove(ordered, done)
    return done
