"""`tradewind verify`: do the court record, the database and the broker log agree with what we promise? Read only."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from adapters.settings import Settings, load
from cli.output import as_json, note, out
from cli.session.server import server
from cli.verb import DataDir, Json, verb

if TYPE_CHECKING:
    from adapters.evidence.finding import Verdict, Violation
    from adapters.evidence.history import History
    from adapters.evidence.topic import Log

_STYLES = {"holds": "green", "VIOLATED": "bold red", "not evaluated": "yellow"}
#: Violations of one invariant that are told with their timelines to people, and to programs; the JSON lists all.
_TOLD, _TOLD_AS_JSON = 3, 20

Book = Annotated[str | None, typer.Option("--book", help="The book to look at; the newest when left out.")]


@verb
def verify(book: Book = None, data_dir: DataDir = None, json_: Json = False) -> int:
    """Check every promise about orders, money and messages against what really happened; exit 1 when one is broken."""
    from adapters.evidence.invariants import verify as judged

    settings = load(data_dir=data_dir)
    history = collect(settings, book)
    verdicts = judged(history)
    violated = sum(bool(verdict.violations) for verdict in verdicts)
    if json_:
        as_json(_object(history, verdicts))
    else:
        _show(history, verdicts)
    return 1 if violated else 0


def collect(settings: Settings, book: str | None) -> "History":
    """Return the history of `book`, or of the newest one; a local server that does not run is started for it.

    Raises:
        Misconfigured: nothing has run here yet, or there is no such book.
        Unavailable: the database does not answer.
    """
    from adapters.evidence import load as evidence
    from adapters.exchange.court_record import FILE_NAME
    from adapters.store.database import Database

    data_dir = settings.data_dir.resolve()
    with server(settings) as url, Database(url, size=1) as database:
        chosen = book or evidence.newest_book(database)
        return evidence.load(
            database,
            chosen,
            data_dir / "simulator" / chosen / FILE_NAME,
            log=_log(settings),
            absence_margin=timedelta(milliseconds=settings.absence_margin_ms),
            secrets=_secrets(settings, data_dir, chosen),
            texts=_texts(data_dir, chosen),
        )


def _log(settings: Settings) -> "Callable[[], Log] | str":
    from adapters.evidence import topic

    if settings.kafka is None:
        return "the in-process broker ends with its session (TRADEWIND_KAFKA names another)"
    return partial(topic.read, settings.kafka, settings.kafka_api_version, settings.signal_topic)


def _secrets(settings: Settings, data_dir: Path, book: str) -> dict[str, str]:
    """Return what must stand nowhere: the secrets of the settings and those that the data folder derives."""
    from cli.session.secrets import LocalSecrets

    names = ("signal_key", "venue_api_key", "venue_api_secret", "control_token")
    found = {name: settings.required(name) for name in names if getattr(settings, name) is not None}
    if (data_dir / "master.key").exists():
        local = LocalSecrets(data_dir)
        parts = {"signals": ("signals",), "control token": ("control", book)}
        parts |= {f"venue {name}": ("venue", book, name) for name in ("key", "secret")}
        found |= {name: local.derive(*part) for name, part in parts.items()}
        found["master key"] = (data_dir / "master.key").read_text()
    return found


def _texts(data_dir: Path, book: str) -> dict[str, str]:
    paths = [*sorted((data_dir / "logs").glob("*.log")), data_dir / "simulator" / book / "court_record.jsonl"]
    return {str(path.relative_to(data_dir)): path.read_text(errors="replace") for path in paths if path.exists()}


def _object(history: "History", verdicts: "list[Verdict]") -> dict[str, Any]:
    return {
        "book": history.book,
        "ok": not any(verdict.violations for verdict in verdicts),
        "orders": len(history.orders),
        "fills": len(history.fills),
        "invariants": [
            {
                "invariant": verdict.invariant,
                "meaning": verdict.meaning,
                "cases": verdict.cases,
                "verdict": verdict.word,
                "missing": verdict.missing,
                "violations": len(verdict.violations),
            }
            for verdict in verdicts
        ],
        "violations": [
            {
                "invariant": violation.invariant,
                "ref": violation.ref,
                "what": violation.what,
                "timeline": _lines(history, violation) if number < _TOLD_AS_JSON else [],
            }
            for verdict in verdicts
            for number, violation in enumerate(verdict.violations)
        ],
    }


def _lines(history: "History", violation: "Violation") -> list[str]:
    return [f"{one.at.isoformat()} {one.source}: {one.what}" for one in _story(history, violation)]


def _story(history: "History", violation: "Violation"):
    from adapters.evidence.timeline import timeline

    return timeline(history, violation.ref)


def _show(history: "History", verdicts: "list[Verdict]") -> None:
    title = f"book {history.book}: {len(history.orders)} orders, {len(history.fills)} fills"
    grid = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in ("invariant", "meaning", "cases", "verdict"):
        grid.add_column(column, justify="right" if column == "cases" else "left", overflow="fold")
    for verdict in verdicts:
        style = "dim" if verdict.holds and not verdict.cases else _STYLES[verdict.word]
        count = f" ({len(verdict.violations)})" if verdict.violations else ""
        word = f"[{style}]{verdict.word}{count}[/]"
        grid.add_row(verdict.invariant, escape(verdict.meaning), f"{verdict.cases:,}", word)
    out.print(grid)
    for why in dict.fromkeys(verdict.missing for verdict in verdicts if verdict.missing):
        names = ", ".join(verdict.invariant for verdict in verdicts if verdict.missing == why)
        out.print(f"\nnot evaluated, or not in full: {names}. {escape(why)}", soft_wrap=True)
    for verdict in verdicts:
        _tell(history, verdict)
    broken = [verdict.invariant for verdict in verdicts if verdict.violations]
    out.print(f"\n{'violated: ' + ', '.join(broken) if broken else 'no violation'}")


def _tell(history: "History", verdict: "Verdict") -> None:
    for violation in verdict.violations[:_TOLD]:
        out.print(
            f"\n[bold red]{verdict.invariant}[/] {escape(f'{violation.ref}: {violation.what}')}",
            emoji=False,
            soft_wrap=True,
        )
        for moment in _story(history, violation):
            line = f"{moment.at:%Y-%m-%d %H:%M:%S.%f}"[:-3] + f" {moment.source:<8} {moment.what}"
            out.print(f"  {line}", markup=False, emoji=False, soft_wrap=True)
    hidden = len(verdict.violations) - _TOLD
    if hidden > 0:
        note(f"{hidden} more violations of {verdict.invariant}: --json lists all of them")
