"""`tradewind models tune`: parameters of the trees searched on a book's past; every trial is stored and counted."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import click
import typer
from rich.table import Table

from adapters.settings import Settings, load
from cli.models.book import PRICES, BookRows, opened, read
from cli.models.group import group, wide
from cli.operation import Book
from cli.output import as_json, note, out, progress
from cli.session.search import SAMPLERS
from cli.verb import DataDir, Json, verb_of
from trading.audit import digest
from trading.errors import BadData, Misconfigured

if TYPE_CHECKING:
    import polars as pl

    from adapters.store.database import Database
    from models.model import Model
    from trading.backtest.score import Score
    from trading.backtest.space import Dimension, Value

Trials = Annotated[int, typer.Option(help="Parameter sets to try.", min=1, max=10_000)]
Kind = Annotated[str, typer.Option(help="How they are chosen.", click_type=click.Choice(SAMPLERS))]
Folds = Annotated[int, typer.Option(help="Parts of the past that are forecast, each from what came before.", min=1)]
Holdout = Annotated[
    int, typer.Option(help="Newest days that neither search nor training see: evidence is made of them.", min=0)
]
Fee = Annotated[float, typer.Option(help="Fee of one way as a fraction: 0.001 is 0.1 %.", min=0, max=0.1)]

#: Parameter, least value, step, number of values, whether it is whole.
_SPACE = (
    ("rounds", "50", "25", 13, True),
    ("learning_rate", "0.01", "0.01", 10, False),
    ("num_leaves", "4", "4", 8, True),
    ("min_share_in_leaf", "0.01", "0.01", 5, False),
    ("lambda_l2", "0", "5", 5, False),
    ("feature_fraction", "0.3", "0.1", 8, False),
)


@dataclass(frozen=True)
class _Bench:
    """Rows to search on, and where trials go."""

    database: "Database"
    rows: BookRows
    frame: "pl.DataFrame"
    study: str
    folds: int
    fee: float
    data_hash: str

    def judge(self, values: "Mapping[str, Value]") -> "Score | None":
        """Return the score of the trees with these parameters, walking forward, and store the trial."""
        from adapters.store import trials
        from models.forecast.lightgbm_return import KIND

        found = self._scored(values)
        told = None if found is None else vars(found)
        with self.database.transaction() as connection:
            trials.add(connection, self.study, self.rows.book, KIND, dict(values), told, self.data_hash)
        return found

    def _scored(self, values: "Mapping[str, Value]") -> "Score":
        import numpy as np

        from models.after_costs import positions, returns
        from models.bands import daily
        from models.contest import TREES, contest
        from models.forecast import trees
        from models.scores import skill
        from models.target import TARGETS, task
        from trading.backtest.score import score
        from trading.indicators.technical import FEATURES

        horizon, settings = self.rows.horizon, trees.settings_of(values, "models tune")
        what = task(self.frame, FEATURES, horizon, TARGETS["return"])
        tested = contest(what, self.folds, self.rows.seed, settings=settings)
        bars = returns(positions(tested, TREES, self.fee), self.rows.panel, self.fee)
        made = np.expm1(daily(bars, ["earned"])[:, 0]).tolist()
        outcome = tested["outcome"].to_numpy()
        value = skill(tested[TREES].to_numpy(), np.zeros_like(outcome), outcome)
        return replace(score(made, int(bars["trades"].sum()), "sharpe", 365.0), value=value)


@verb_of(group)
def tune(
    trials: Trials = 20,
    sampler: Kind = "tpe",
    folds: Folds = 3,
    holdout: Holdout = 30,
    fee: Fee = 0.001,
    book: Book = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Search parameters of the trees by their skill walking forward; the best becomes a candidate.

    All trials count against it when it is to be promoted, those of earlier
    searches too. A search that was stopped goes on where it was.
    """
    began = time.monotonic()
    settings = load(data_dir=data_dir)
    with opened(settings, book) as (database, name):
        bench = _bench(database, read(database, name), folds, holdout, fee)
        tried = _searched(settings, bench, trials, sampler)
        best = max(tried, key=lambda one: one["score"]["value"])
        model, counted = _candidate(bench, best["parameters"])
    told = {
        "book": name,
        "study": bench.study,
        "trials": len(tried),
        "counted": counted,
        "best": best,
        "model_id": model.model_id,
        "trained_to": model.trained_to,
        "seconds": round(time.monotonic() - began, 1),
    }
    if json_:
        as_json(told)
        return 0
    _tell(told, tried)
    return 0


def _bench(database: "Database", rows: BookRows, folds: int, holdout: int, fee: float) -> _Bench:
    import polars as pl

    from models.features import data_hash
    from models.forecast.lightgbm_return import training_rows
    from trading.indicators.technical import FEATURES

    try:
        until = pl.col("t1") <= rows.now - timedelta(days=holdout)
        frame = training_rows(rows.labelled(rows.horizon).filter(until), FEATURES)
    except BadData as error:
        raise Misconfigured(f"--holdout {holdout}: {error}") from None
    marked = data_hash(frame)
    study = f"models/{rows.book}/{digest([marked, folds, fee])[:12]}"
    return _Bench(database, rows, frame, study, folds, fee, marked)


def _searched(settings: Settings, bench: _Bench, trials: int, sampler: str) -> list[dict[str, Any]]:
    from cli.session import search

    folder = (settings.data_dir / "studies" / bench.study).resolve()
    note(f"study {bench.study}, journal in {folder}, trials in training.trials")
    with progress() as told, search.journal(folder) as storage:
        task = search.Search(_space(), _sampler(sampler), bench.rows.seed, trials, bench.judge)
        try:
            found = search.search(storage, bench.study, task, lambda done: told("trials", done, trials))
        except BadData as error:
            raise Misconfigured(f"--folds {bench.folds}: {error}") from None
    return [{"parameters": dict(one.parameters), "score": vars(one.score)} for one in found if one.score is not None]


def _sampler(name: str) -> Any:
    return next(known for known in SAMPLERS if known == name)


def _space() -> "list[Dimension]":
    from decimal import Decimal

    from trading.backtest.space import Steps

    return [Steps(name, Decimal(low), Decimal(step), count, whole, True) for name, low, step, count, whole in _SPACE]


def _candidate(bench: _Bench, parameters: dict[str, Any]) -> "tuple[Model, int]":
    """Fit and store the best as a candidate; return it and how many trials count against it."""
    from adapters.store import feature_ranges, model_states, models, trials
    from assets.resources import code_version
    from models import drift
    from models.forecast import lightgbm_return
    from trading.indicators.technical import FEATURES

    rows = bench.rows
    model = lightgbm_return.fit(bench.frame, FEATURES, rows.horizon, rows.seed, params=parameters)
    row = {name: value for name, value in vars(model).items() if name != "params"}
    row |= {"parameters": dict(model.params), "features": list(model.features), "scores": dict(model.scores)}
    marks = {"knowledge_ts": rows.now, "run_id": bench.study, "code_version": code_version()}
    with bench.database.transaction() as connection:
        models.add(connection, PRICES, rows.book, row, marks)
        feature_ranges.add(connection, rows.book, model.model_id, drift.ranges(bench.frame, model.features))
        if model.model_id not in model_states.now(connection, rows.book):
            why = f"the best of study {bench.study}"
            model_states.put(connection, rows.book, model.model_id, "candidate", model_states.ITSELF, why, rows.now)
        return model, trials.counted(connection, rows.book)[0]


def _tell(told: dict[str, Any], tried: list[dict[str, Any]]) -> None:
    names = [name for name, *_ in _SPACE]
    grid = Table("skill", "Sharpe a day", "trades", *names, box=None, pad_edge=False)
    for one in sorted(tried, key=lambda each: -each["score"]["value"])[:10]:
        score = one["score"]
        values = (f"{one['parameters'][name]:g}" for name in names)
        grid.add_row(f"{score['value']:.3%}", f"{score['sharpe']:.3f}", f"{score['trades']:,}", *values)
    out.print(f"[bold]the first of {told['trials']:,} trials[/bold], {told['counted']:,} count against a model")
    wide(grid)
    out.print(f"candidate {told['model_id'][:12]}, trained to {told['trained_to']:%Y-%m-%d %H:%M}; {told['seconds']} s")
