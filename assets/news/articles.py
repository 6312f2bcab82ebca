"""Asset news/articles: headlines of the declared feeds, vetted, linked to currencies, merged into stories."""

import dagster as dg

from assets.resources import DeskResource
from assets.visits import check_specs, result, visits


@dg.asset(
    key_prefix="news",
    group_name="news",
    kinds={"python", "postgres"},
    pool="sources",
    check_specs=check_specs("news", "articles"),
)
def articles(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """Headlines with teaser, address, language and the base currencies they are about; times UTC, text only.

    knowledge_ts is when a version was read, published_ts when its source says it was published (null where that cannot
    be believed). A correction is a further version; headlines that tell the same share story_id. Source: the feeds and
    CryptoPanic-shaped interfaces of sources.toml.
    """
    with desk.open(context) as at:
        # Here, for the libraries behind it are loaded by runs of this asset alone.
        from adapters.news.intake import Intake

        now = at.clock.now()
        found = visits(at, ("feed", "cryptopanic"), now, Intake(at.database, at.store, now).articles)
    return result(found, now)
