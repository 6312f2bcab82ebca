"""`tradewind replay`: every decision made again from its record, as it was or under other limits, fees or forecasts."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from adapters.settings import load
from cli import remade_answer
from cli.limit_values import changed
from cli.operation import Book
from cli.output import as_json, out, progress
from cli.session.server import server
from cli.supposed import Supposed, supposed
from cli.supposed_answer import Answer
from cli.verb import DataDir, Json, verb
from trading.errors import Misconfigured
from trading.replay import Ground
from trading.signal import Signal

if TYPE_CHECKING:
    from adapters.evidence.replayed import Different, Replayed, Span
    from adapters.store.database import Connection, Database
    from cli.session.other_model import OtherModel
    from cli.session.remade import Remade

Day = Annotated[str | None, typer.Argument(help="A UTC day such as 2026-03-04 (default: all days).")]
Change = Annotated[
    list[str] | None,
    typer.Option("--change", help="A limit such as max_position=0.5, fee=0.002, maker=, taker=, model=ID; repeatable."),
]
OnlyDecisions = Annotated[
    bool, typer.Option("--decisions-only", help="Decisions and orders alone: nothing is computed again before them.")
]
#: Decisions that are shown to people; the JSON lists them all.
_SHOWN = 20


@verb
def replay(
    day: Day = None,
    change: Change = None,
    decisions_only: OnlyDecisions = False,
    book: Book = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Make a day again and compare, row by row and decision by decision; exit 1 when anything comes out differently.

    Features from bars, forecasts and regimes from features, signals from what
    their strategies were shown, decisions and orders from signals. With
    --change only decisions are made again, under other limits, fees or
    forecasts: each by itself, on the holding that it met. Nothing is stored
    and nothing is sent.
    """
    from adapters.evidence.replayed import replay as replayed
    from adapters.store import books
    from adapters.store.database import Database
    from adapters.store.schema import require

    settings, span = load(data_dir=data_dir), _span(day)
    changes = supposed(change or [], "--change ")
    with (
        server(settings) as url,
        Database(url, size=2) as database,
        progress() as told,
        database.transaction() as connection,
    ):
        require(connection, "ops.dead_letter_replays")
        chosen = books.chosen(connection, book)
        other, signals = _other(connection, chosen, changes.model, span), dict[str, Signal]()
        limits = partial(changed, values=changes.limits, option="--change ")
        done = replayed(connection, chosen, span, limits, told, partial(_on, changes, other, signals))
        answer = _answer(connection, chosen, changes, span, other)
        skipped = changes.given or decisions_only
        stages = [] if skipped else _stages(database, connection, chosen, span, told, [*signals.values()])
    _say(done, stages, answer, changes, json_=json_)
    return int(bool(done.broken or (done.different and not changes.given) or any(one.different for one in stages)))


def _stages(
    database: "Database",
    connection: "Connection",
    book: str,
    span: "Span",
    told: Callable[[str, int, int], None],
    signals: "Sequence[Signal]",
) -> "list[Remade]":
    """Return how what came before the decisions comes out, in the order of the data."""
    from cli.session.remade import desired, remade

    return [*remade(database, connection, book, span, told), desired(connection, signals)]


def _say(done: "Replayed", stages: "list[Remade]", answer: Answer, changes: Supposed, *, json_: bool) -> None:
    if json_:
        again = {"remade": [remade_answer.as_object(one) for one in stages]}
        as_json(_object(done, changes.given) | again | answer.as_object())
        return
    remade_answer.show(stages)
    _show(done, changes.given)
    only_fees = not changes.limits and answer.other is None
    answer.show(differs=bool(done.different or done.broken), only_fees=only_fees)


def _other(connection: "Connection", book: str, start: str | None, span: "Span") -> "OtherModel | None":
    if start is None:
        return None
    from cli.session.other_model import OtherModel

    return OtherModel(connection, book, start, span)


def _on(changes: Supposed, other: "OtherModel | None", signals: dict[str, Signal], ground: Ground) -> Ground:
    """Return what a decision rests on under `changes` but the limits; its signal is put to `signals`."""
    signals[ground.signal.signal_id] = ground.signal
    if changes.rates is not None:
        market = replace(ground.market, instrument=changes.rates.on(ground.market.instrument))
        ground = replace(ground, market=market)
    return ground if other is None else other(ground)


def _answer(connection: "Connection", book: str, changes: Supposed, span: "Span", other: "OtherModel | None") -> Answer:
    if changes.rates is None:
        return Answer(other=other)
    from adapters.store import charged
    from trading.simulation.fee_change import bills

    return Answer(bills(charged.read(connection, book, *span), changes.rates), other)


def _span(day: str | None) -> "Span":
    if day is None:
        return None, None
    try:
        start = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise Misconfigured(f"{day!r} is no day; write it as 2026-03-04") from None
    return start, start + timedelta(days=1)


def _object(done: "Replayed", changes: dict[str, str]) -> dict[str, Any]:
    return {
        "book": done.book,
        "changes": changes,
        "decisions": done.decisions,
        "orders": done.orders,
        "equal": done.decisions - len(done.different) - len(done.broken),
        "stored_hash": done.stored_hash,
        "replayed_hash": done.replayed_hash,
        "different": [_row(each) for each in done.different],
        "broken": [_row(each) for each in done.broken],
    }


def _row(one: "Different") -> dict[str, Any]:
    decided = one.decided
    about = ("signal_id", "decision_no", "strategy", "symbol", "trigger", "decided_at", "limits_version")
    return {
        **{name: getattr(decided, name) for name in about},
        "fields": one.fields,
        "before": one.before and asdict(one.before),
        "after": one.after and asdict(one.after),
        "why": one.why,
    }


def _show(done: "Replayed", changes: dict[str, str]) -> None:
    said = ", ".join(f"{name} {value}" for name, value in changes.items())
    under = f"under {said}" if said else "as they were"
    out.print(f"[bold]{done.decisions:,} decisions of {escape(done.book)}, made again {under}[/bold]", soft_wrap=True)
    equal = done.decisions - len(done.different) - len(done.broken)
    style = "green" if done.decisions == equal else "yellow" if changes and not done.broken else "bold red"
    out.print(
        f"  equal {equal:,}   [{style}]different {len(done.different):,}[/]   cannot be made {len(done.broken):,}"
    )
    shown = [*done.broken, *done.different]
    for one in shown[:_SHOWN]:
        _tell(one)
    if len(shown) > _SHOWN:
        out.print(f"  ... and {len(shown) - _SHOWN:,} more; --json lists them all")
    if done.different and changes:
        moves = Counter(" > ".join(_verdicts(each)) for each in done.different)
        out.print("  " + ", ".join(f"{count:,} x {move}" for move, count in moves.most_common()))


def _verdicts(one: "Different") -> Iterator[str]:
    return (each.verdict for each in (one.before, one.after) if each is not None)


def _tell(one: "Different") -> None:
    """Print a decision, and of what it asked for only what came or went."""
    decided = one.decided
    at = decided.decided_at.strftime("%Y-%m-%d %H:%M:%S")
    who = f"{decided.strategy} {decided.symbol}"
    if one.before is None or one.after is None:
        out.print(f"  {at}  {escape(who)}  [bold red]{escape(one.why)}[/]", soft_wrap=True)
        return
    out.print(f"  {at}  {escape(who)}  {' > '.join(_verdicts(one))}", soft_wrap=True)
    if one.before.reason != one.after.reason:
        out.print(f"      [dim]{escape(one.before.reason)} > {escape(one.after.reason)}[/dim]", soft_wrap=True)
    was, now = one.before, one.after
    for sign, style, these, those in (("-", "red", was, now), ("+", "green", now, was)):
        for line in [*_only(these.requests, those.requests), *_cancels(these.cancels, those.cancels)]:
            out.print(f"      [{style}]{sign} {escape(line)}[/]", soft_wrap=True)


def _only(these: tuple[str, ...], those: tuple[str, ...]) -> list[str]:
    return [line for line in these if line not in those]


def _cancels(these: tuple[str, ...], those: tuple[str, ...]) -> list[str]:
    ended = _only(these, those)
    return [f"cancel {ended[0]}" if len(ended) == 1 else f"cancel {len(ended)} orders"] if ended else []
