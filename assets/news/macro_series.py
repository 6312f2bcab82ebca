"""Asset news/macro_series: observations of the declared series, every vintage of them."""

import dagster as dg

from assets.resources import DeskResource
from assets.visits import check_specs, result, visits


@dg.asset(
    key_prefix="news",
    group_name="news",
    kinds={"python", "postgres"},
    pool="sources",
    check_specs=check_specs("news", "macro_series"),
)
def macro_series(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """Observations of macro and other external series: ts = what they are for, UTC; value in the unit of the source.

    knowledge_ts is when a value was read: a revision is a further version, so as-of reads give the vintage that was
    known. Source: the interfaces of kind series in sources.toml, one series each.
    """
    with desk.open(context) as at:
        from adapters.news.series import take

        now = at.clock.now()
        found = visits(at, ("series",), now, lambda source, held: take(at.store, source, held, now))
    return result(found, now)
