"""Asset news/social_posts: posts of the declared JSON interfaces, vetted and linked to currencies."""

import dagster as dg

from assets.resources import DeskResource
from assets.visits import check_specs, result, visits


@dg.asset(
    key_prefix="news",
    group_name="news",
    kinds={"python", "postgres"},
    pool="sources",
    check_specs=check_specs("news", "social_posts"),
)
def social_posts(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """Posts of people: text, address, language, the base currencies they are about; times UTC, authors without names.

    knowledge_ts is when a version was read, published_ts when it says it was written. An edit is a further version.
    Source: the interfaces of kind posts in sources.toml.
    """
    with desk.open(context) as at:
        from adapters.news.intake import Intake

        now = at.clock.now()
        found = visits(at, ("posts",), now, Intake(at.database, at.store, now).posts)
    return result(found, now)
