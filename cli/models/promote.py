"""`tradewind models promote` and `demote`: what a model has shown is weighed, and only then is it put to use."""

from typing import TYPE_CHECKING, Annotated, Any

import click
import typer

from adapters.settings import load
from cli.models.book import BookRows, ModelId, named, opened, read
from cli.models.group import group
from cli.operation import Book, By, Reason, person, stated
from cli.output import as_json, note, out, table
from cli.verb import DataDir, Json, verb_of
from trading.errors import BadData, Misconfigured

if TYPE_CHECKING:
    from adapters.store.database import Database
    from models.model import Model
    from models.promotion import Evidence

To = Annotated[
    str,
    typer.Option(
        help="shadow tells and is not traded, canary trades the first symbol, champion all of them.",
        click_type=click.Choice(("shadow", "canary", "champion")),
    ),
]
Fee = Annotated[float, typer.Option(help="Fee of one way as a fraction: 0.001 is 0.1 %.", min=0, max=0.1)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only weigh and show the evidence.")]


@verb_of(group)
def promote(
    model: ModelId,
    reason: Reason,
    to: To = "champion",
    fee: Fee = 0.001,
    dry_run: DryRun = False,
    by: By = None,
    book: Book = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Promote a model whose forecasts of bars it never saw prove that it is better; exit code 1 when they do not.

    A shadow needs no evidence, for nothing rests on it. A canary and a champion
    need all of it; nobody can promote without.
    """
    owner, why = person(by), stated(reason)
    with opened(load(data_dir=data_dir), book) as (database, name):
        rows = read(database, name)
        with database.transaction() as connection:
            chosen = named(connection, name, model)
        told: dict[str, Any] = {"book": name, "model_id": chosen.model_id, "to": to}
        evidence = None if to == "shadow" else _weighed(database, rows, chosen, fee)
        refused = [] if evidence is None else evidence.plain()["refused"]
        told |= {"refused": refused, "evidence": None if evidence is None else evidence.plain()}
        put = not refused and not dry_run
        told["promoted"] = put and _put(database, rows, chosen, to, owner, why, told["evidence"])
    if json_:
        as_json(told)
    else:
        _tell(told, evidence)
    return 1 if refused else 0


@verb_of(group)
def demote(
    model: ModelId,
    reason: Reason,
    by: By = None,
    book: Book = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Retire a model at once. A book whose champion is retired has no forecast until another is promoted."""
    owner, why = person(by), stated(reason)
    with opened(load(data_dir=data_dir), book) as (database, name):
        rows = read(database, name)
        with database.transaction() as connection:
            chosen = named(connection, name, model)
        done = _put(database, rows, chosen, "retired", owner, why, None)
    if json_:
        as_json({"book": name, "model_id": chosen.model_id, "retired": done})
    else:
        out.print(f"{chosen.model_id[:12]} {'is retired' if done else 'was retired before'}")
    return 0


def _weighed(database: "Database", rows: BookRows, chosen: "Model", fee: float) -> "Evidence":
    """Return the evidence of all bars that came after the training of `chosen`; Misconfigured when there are none."""
    import polars as pl

    from adapters.store import trials
    from assets.model_registry import model as of_row
    from models import controls, promotion, quantiles
    from models.forecast import kinds

    horizon = int(chosen.params["horizon"])
    labelled = rows.labelled(horizon)
    later = labelled.filter(pl.col("ts") > chosen.trained_to + horizon * rows.timeframe.delta)
    training = labelled.filter(pl.col("ts").is_between(chosen.trained_from, chosen.trained_to))
    with database.transaction() as connection:
        standing = _champion(connection, rows.book)
        count, tried = trials.counted(connection, rows.book)
    try:
        kind = kinds.of(chosen.kind)
        told = quantiles.bands(chosen, kind.predict(chosen, later))
        other = None
        if standing is not None and standing["model_id"] != chosen.model_id:
            champion = of_row(standing)
            other = kinds.of(champion.kind).predict(champion, later)
        against = controls.controls(chosen, training, later, rows.seed)
        terms = promotion.Terms(fee, max(count, 1), tried, seed=rows.seed)
        return promotion.weigh(told, other, against, later, rows.panel, terms)
    except BadData as error:
        raise Misconfigured(f"model {chosen.model_id[:12]}: {error}") from None


def _champion(connection: Any, book: str) -> dict[str, Any] | None:
    from adapters.store import model_states, models

    ids = model_states.in_state(connection, book, "champion")
    return models.named(connection, "price_models", book, ids[0]) if ids else None


def _put(
    database: "Database",
    rows: BookRows,
    chosen: "Model",
    state: str,
    owner: str,
    why: str,
    evidence: dict[str, Any] | None,
) -> bool:
    from adapters.exchange.clock import WallClock
    from adapters.store import audit, model_states

    told = {"book": rows.book, "model_id": chosen.model_id, "state": state, "why": why}
    with database.transaction() as connection:
        done = model_states.put(connection, rows.book, chosen.model_id, state, owner, why, rows.now, evidence)
        if done:
            audit.record(connection, WallClock().now(), owner, "model_state", chosen.model_id, told)
    return done


def _tell(told: dict[str, Any], evidence: "Evidence | None") -> None:
    if evidence is not None:
        spread = {name: getattr(evidence, name) for name in ("skill", "correlation", "growth", "timing", "beyond")}
        bands = [
            (name, f"{got.value:.3f} [{got.low:.3f}, {got.high:.3f}]")
            for name, got in spread.items()
            if got is not None
        ]
        covered = "-" if evidence.coverage is None else f"{evidence.coverage:.1%}"
        table(
            f"evidence of {told['model_id'][:12]}, with 98 % bands",
            [
                ("unseen", f"{evidence.rows:,} forecasts on {evidence.days} days, {evidence.first} to {evidence.last}"),
                *bands,
                (f"deflated Sharpe after {evidence.trials} trials", f"{evidence.deflated:.3f}"),
                ("outcomes within the 80 % band", covered),
            ],
        )
    for reason in told["refused"]:
        note(reason)
    said = "refused" if told["refused"] else f"is {told['to']}" if told["promoted"] else "stays as it was"
    out.print(f"{told['model_id'][:12]} {said}")
