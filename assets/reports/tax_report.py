"""Asset reports/tax_report: a year of the book as the tax office sees it, lot by lot, and the proof."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import dagster as dg

from adapters import tax_report as tax
from adapters.store import tax as stored
from assets.resources import DeskResource
from trading.tax.countries.by_name import country_of, method_of, zone_of

YEARLY = dg.TimeWindowPartitionsDefinition(
    start="2017", fmt="%Y", cron_schedule="0 0 1 1 *", timezone="UTC", end_offset=1
)


class Rules(dg.Config):
    """By whose rules the year is told.

    country: us, uk, es, ie or generic. method: fifo, lifo, hifo, lofo or average; the country's own when left out.
    currency: for generic rules; the book's quote currency when left out. zone: whose days count; the country's, or UTC,
    when left out. pars: coins that are counted as one of another, such as USDT: USD.
    """

    country: str = "generic"
    method: str | None = None
    currency: str | None = None
    zone: str | None = None
    pars: dict[str, str] = {}  # noqa: RUF012 - a field of a configuration, copied for each


@dg.asset(
    key_prefix="reports",
    group_name="reports",
    kinds={"jinja", "postgres"},
    deps=[dg.AssetKey(["market", "candles"]), dg.AssetKey(["signals", "published_signals"])],
    partitions_def=YEARLY,
)
def tax_report(context: dg.AssetExecutionContext, desk: DeskResource, config: Rules) -> dg.MaterializeResult:
    """One document per book, tax year, country and method: gains by lot, income, what is left, and the proof.

    The partition is the calendar year in which the tax year begins. Amounts in the taxpayer's currency, exact. Files
    reports/<book>/tax-<year>-<country>-<method>-<currency>.html, .json, .csv (each disposal and its lots) and the input
    of rp2 below the data folder, the same bytes for the same facts. Sources: trading.fills, trading.foreign_trades,
    trading.ledger_entries, market.candles (closes as they were known at each trade).
    """
    with desk.open(context) as at, at.database.transaction() as connection:
        country = country_of(config.country, config.currency, stored.quote(connection, at.book))
        request = tax.Request(
            int(context.partition_key),
            (at.book,),
            country,
            method_of(config.method, country),
            zone_of(config.country, config.zone),
            config.pars,
        )
        report = tax.make(connection, request, at.clock.now(), at.code_version)
    files = tax.save(report, at.settings.data_dir.resolve() / "reports" / at.book, request.name)
    return dg.MaterializeResult(metadata={**_numbers(report.document), "path": dg.MetadataValue.path(files["page"])})


def _numbers(told: Mapping[str, Any]) -> dict[str, Any]:
    headline = told["headline"]
    amounts = ("net", "gains", "losses", "income", "fees", "left")
    return {
        "dagster/row_count": headline["disposals"],
        **{name: float(Decimal(headline[name])) for name in amounts},
        "currency": told["currency"],
        "document hash": told["document_hash"],
        "assumed": dg.MetadataValue.md("\n".join(f"- {sentence}" for sentence in told["assumptions"])),
    }
