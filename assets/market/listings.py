"""Asset market/listings: everything that the declared venues list, with its dates, and what each venue can do."""

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
    check_specs=check_specs("market", "listings"),
)
def listings(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """Markets per venue: steps, least amounts, fees (fractions), status, dates of listing and delisting, times UTC.

    A universe without survivors' bias: what is delisted stays, with a last version that says so;
    market.instruments_at(venue, t) gives what could be traded at t. market.venues says what each venue can do.
    Source: the venues of kind venue in sources.toml, through ccxt.
    """
    with desk.open(context) as at:
        from adapters.exchange.listings_intake import take

        now = at.clock.now()

        def read(source: Source, held: Held) -> Taken:
            return take(at.database, at.store, source, held, now, at.passage(source.venue, source.url or None))

        found = visits(at, ("venue",), now, read)
    return result(found, now)
