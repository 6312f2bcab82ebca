"""The countries by name, and the zone whose days and years count where a person names none."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from trading.errors import Misconfigured
from trading.tax.countries.es import ES
from trading.tax.countries.generic import generic
from trading.tax.countries.ie import IE
from trading.tax.countries.uk import UK
from trading.tax.countries.us import US
from trading.tax.country import Country
from trading.tax.methods.method import Method
from trading.tax.tax_year import TaxYear, year_of

_COUNTRIES = {"us": US, "uk": UK, "es": ES, "ie": IE}
#: One zone each; the United States have several, so nobody's is guessed.
_ZONES = {"uk": "Europe/London", "es": "Europe/Madrid", "ie": "Europe/Dublin"}
NAMES = (*_COUNTRIES, "generic")


def country_of(name: str, currency: str | None, fallback: str) -> Country:
    """Return the country called `name`; `currency` is for generic rules alone, where `fallback` is meant without it.

    Raises:
        Misconfigured: there is no such country, or it counts in another currency.
    """
    if name == "generic":
        return generic(currency or fallback)
    if name not in _COUNTRIES:
        raise Misconfigured(f"--country {name}: choose one of {', '.join(NAMES)}")
    country = _COUNTRIES[name]
    if currency not in {None, country.currency}:
        raise Misconfigured(f"--currency {currency}: {country.code} counts in {country.currency}")
    return country


def zone_of(name: str, zone: str | None) -> ZoneInfo:
    """Return the zone called `zone`, or the one of the country called `name`, or UTC.

    Raises:
        Misconfigured: there is no such zone.
    """
    wanted = zone or _ZONES.get(name, "UTC")
    try:
        return ZoneInfo(wanted)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Misconfigured(f"--zone {wanted}: no time zone has this name; such as Europe/Berlin") from None


def method_of(name: str | None, country: Country) -> Method:
    """Return the method called `name` (hyphens for spaces), or the country's first.

    Raises:
        Misconfigured: there is none, the country forbids it, or it asks for lots by name, which no trade tells.
    """
    if name is None:
        return country.method(None)
    try:
        chosen = Method(name.replace("-", " "))
    except ValueError:
        known = ", ".join(method.replace(" ", "-") for method in Method)
        raise Misconfigured(f"--method {name}: choose one of {known}") from None
    if chosen is Method.SPECIFIC:
        raise Misconfigured("--method specific: the books name no lots; choose a standing order such as fifo")
    return country.method(chosen)


def tax_year(country: Country, year: int, now: datetime, zone: ZoneInfo) -> TaxYear:
    """Return the tax year that begins in the calendar year `year`.

    Raises:
        Misconfigured: it has not begun by `now`, or lies before all coins.
    """
    month, start = country.year_starts
    if not date.min.year < year < date.max.year:
        raise Misconfigured(f"{year} is no year")
    found = year_of(date(year, month, start), month, start)
    if found.first > now.astimezone(zone).date():
        raise Misconfigured(f"the tax year {found} begins on {found.first}: it has not begun")
    return found


def ends(country: Country, year: TaxYear, zone: ZoneInfo) -> datetime:
    """Return the instant up to which events bear on `year`: its end, and thirty days on where later purchases count."""
    later = 30 if Method.SECTION_104 in country.methods else 0
    return datetime.combine(year.last + timedelta(days=1 + later), time(), zone)
