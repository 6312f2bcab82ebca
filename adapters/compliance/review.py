"""The daily look of compliance at a book: counterparties screened anew, its activity watched, expiries noticed."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from adapters.compliance import lists as stored
from adapters.compliance.likeness import alike
from adapters.settings import Settings
from adapters.store import cases, restrictions, screenings, surveillance
from adapters.store.database import Connection
from trading.audit import plain
from trading.compliance.rules.parameters import Parameters
from trading.compliance.screening import kind_of, screen
from trading.compliance.surveillance import watch
from trading.errors import Misconfigured
from trading.performance.period import Period

ACTOR = "surveillance"


def thresholds(changes: Mapping[str, str]) -> Parameters:
    """Return the thresholds with `changes` of their defaults; Misconfigured names one that is wrong."""
    try:
        return Parameters.model_validate(dict(changes))
    except ValidationError as error:
        wrong = error.errors()[0]
        raise Misconfigured(f"surveillance parameter {wrong['loc'][0]}: {wrong['msg']}") from None


def watch_over(connection: Connection, book: str, span: Period, parameters: Parameters) -> int:
    """Open a case for each finding of the period that is not known yet; return how many are new.

    What has expired of the restricted list opens its gates.
    """
    restrictions.enforce(connection)
    done = surveillance.activity(connection, book, span.after, span.closes)
    return sum(cases.open_(connection, book, finding, ACTOR) for finding in watch(done, parameters))


def screen_again(
    connection: Connection, settings: Settings, book: str, venue: str
) -> tuple[dict[str, Any] | None, str | None]:
    """Screen venue and known counterparties of `book` where the lists are new; return the lists and what was not done.

    Raises:
        BadData, Misconfigured: a list cannot be read; the message names it.
    """
    if settings.screening_lists is None:
        return None, "no lists are set (TRADEWIND_SCREENING_LISTS): nobody was screened"
    lists, threshold = stored.read(settings.screening_lists), Decimal(str(settings.screening_threshold))
    left: list[str] = []
    for subject in screenings.due(connection, book, venue, lists.version, threshold):
        if not (lists.addresses if kind_of(subject) == "address" else lists.names):
            left.append(subject)
            continue
        screenings.add(connection, screen(subject, lists, threshold, alike), lists, ACTOR, book)
    undone = f"no list of names is there: {', '.join(left)} could not be screened" if left else None
    return {"version": lists.version, "files": plain(lists.files), "threshold": threshold}, undone
