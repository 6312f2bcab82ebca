"""The tax year, as a country counts it."""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, order=True)
class TaxYear:
    """The days from `first` to `last`, both in it."""

    first: date
    last: date

    def __str__(self) -> str:
        if self.first.year == self.last.year:
            return str(self.first.year)
        return f"{self.first.year}/{self.last.year}"


def year_of(day: date, month: int = 1, start: int = 1) -> TaxYear:
    """Return the tax year of `day` where years begin on the `start`-th of `month`."""
    began = day.year if (day.month, day.day) >= (month, start) else day.year - 1
    return TaxYear(date(began, month, start), date(began + 1, month, start) - timedelta(days=1))
