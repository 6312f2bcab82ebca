"""Countries, zones, methods and years by name."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from trading.errors import Misconfigured
from trading.tax.countries.by_name import NAMES, country_of, ends, method_of, tax_year, zone_of
from trading.tax.countries.uk import UK
from trading.tax.countries.us import US
from trading.tax.methods.method import Method

UTC_ZONE, LONDON, NEW_YORK = ZoneInfo("UTC"), ZoneInfo("Europe/London"), ZoneInfo("America/New_York")
NOW = datetime(2026, 4, 6, tzinfo=UTC)


def test_every_country_counts_in_its_currency_and_generic_rules_in_any() -> None:
    found = {name: country_of(name, None, "USDT").currency for name in NAMES}
    assert found == {"us": "USD", "uk": "GBP", "es": "EUR", "ie": "EUR", "generic": "USDT"}
    assert country_of("generic", "CHF", "USDT").currency == "CHF"


def test_zones_are_those_of_the_country_and_the_united_states_have_none_of_their_own() -> None:
    assert [zone_of(name, None).key for name in NAMES] == [
        "UTC",
        "Europe/London",
        "Europe/Madrid",
        "Europe/Dublin",
        "UTC",
    ]
    assert zone_of("us", "America/New_York").key == "America/New_York"


def test_methods_are_written_with_hyphens() -> None:
    assert method_of("section-104", UK) is method_of(None, UK) is Method.SECTION_104
    assert method_of("hifo", US) is Method.HIFO


def test_a_year_has_begun_on_its_first_day_in_the_taxpayers_zone() -> None:
    assert str(tax_year(UK, 2026, NOW, LONDON)) == "2026/2027"
    with pytest.raises(Misconfigured, match="begins on 2026-04-06: it has not begun"):
        tax_year(UK, 2026, NOW, NEW_YORK)


def test_a_year_ends_at_midnight_there_and_where_later_purchases_count_thirty_days_on() -> None:
    us = tax_year(US, 2024, NOW, NEW_YORK)
    assert ends(US, us, NEW_YORK).astimezone(UTC) == datetime(2025, 1, 1, 5, tzinfo=UTC)
    uk = tax_year(UK, 2024, NOW, LONDON)
    assert ends(UK, uk, LONDON).astimezone(UTC) == datetime(2025, 5, 5, 23, tzinfo=UTC)
