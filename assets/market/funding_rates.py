"""Asset market/funding_rates: what longs pay shorts of the declared perpetuals."""

import dagster as dg

from adapters.sources.declared import Source
from adapters.sources.fetch import Held
from adapters.sources.visit import Taken
from assets.resources import DeskResource
from assets.visits import check_specs, result, visits


@dg.asset(
    key_prefix="market",
    group_name="market",
    kinds={"python", "postgres"},
    pool="sources",
    check_specs=check_specs("market", "funding_rates"),
)
def funding_rates(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """Settled funding rates per venue and perpetual: ts = settlement, UTC; rate as a fraction longs pay shorts.

    A rate is known since its settlement, a revised one since it was read again. Source: the venues of kind funding in
    sources.toml, through ccxt.
    """
    with desk.open(context) as at:
        from adapters.exchange.funding_intake import take

        now = at.clock.now()

        def read(source: Source, held: Held) -> Taken:
            return take(at.database, at.store, source, held, now, at.passage(source.venue, source.url or None))

        found = visits(at, ("funding",), now, read)
    return result(found, now)
