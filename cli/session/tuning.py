"""A tuning: parameters searched on one part of a market and judged on the next, part by part, and against chance.

Trials are scored by the compiled kernel where it has the strategy; what is chosen of them is traded once more by the
engine, and has to be worth the same there.
"""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.session.backtest import Prepared, Terms, Told, bars_of, prepare
from cli.session.markets import Market
from cli.session.search import Sampler, Search, Trial, search
from trading.accounting.shares import shares
from trading.audit import canonical, digest
from trading.backtest.folds import Fold
from trading.backtest.score import Objective, Score, difference, earned, of_row, score
from trading.backtest.space import Dimension, Value
from trading.errors import BadData, Misconfigured
from trading.strategies.registry import parameters, strategy

if TYPE_CHECKING:
    from cli.session.search import Storage
    from trading.backtest.result import Backtest
    from trading.backtest.sweep import Ground
    from trading.strategies.strategy import Parameters

_BASIS_POINTS = Decimal(10_000)


@dataclass(frozen=True)
class Tuning:
    """What is tuned: `space` of `strategy`, whose other parameters are `fixed`, `trials` times in each of `folds`.

    A trial with fewer fills than `least_trades` is not chosen.
    """

    strategy: str
    space: Sequence[Dimension]
    fixed: Mapping[str, Any]
    folds: Sequence[Fold]
    trials: int
    sampler: Sampler
    objective: Objective
    least_trades: int
    seed: int


@dataclass(frozen=True)
class Run:
    """The returns of one stretch, one per bar, and how often it traded."""

    made: Sequence[float]
    trades: int


@dataclass(frozen=True)
class Judged:
    """A fold: all that was tried on its first part, the best of it (None: nothing traded enough), its second part."""

    fold: Fold
    tried: Sequence[Trial]
    best: Trial | None
    out_of_sample: Run


class Bench:
    """Runs one strategy on stretches of a market; bars, and knowledge for the same columns, are made once.

    The kernel keeps its machine code in the folder `compiled`, if any.
    """

    def __init__(self, market: Market, terms: Terms, tuning: Tuning, compiled: Path | None = None) -> None:
        self.market = market
        self._terms = terms
        self._tuning = tuning
        self._compiled = compiled
        self._prepared: dict[frozenset[str], Prepared] = {}
        self._grounds: dict[tuple[frozenset[str], range], Sequence[Ground]] = {}
        self._told: dict[tuple[str, range], Score | None] = {}
        fees = [one.taker_fee if terms.fee is None else terms.fee for one in market.plan.instruments]
        self._leaving = max(fees) + terms.half_spread_bps / _BASIS_POINTS

    def run(self, values: Mapping[str, Value], steps: range) -> "Backtest":
        """Return the backtest of the steps with `values` over what is fixed; it begins flat."""
        from trading.backtest.engine import Engine

        name = self._tuning.strategy
        told = _parameters(self._tuning, values)
        made = self._made(told)
        place = {"start": made.setup.opens(steps.start), "steps": len(steps), "strategies": {name: told}}
        return Engine(replace(made.setup, **place), made.bars, made.history).run()

    def stretch(self, values: Mapping[str, Value], steps: range) -> Run:
        """Return what `values` earn in the steps."""
        return self.run_of(self.run(values, steps))

    def run_of(self, tested: "Backtest") -> Run:
        """Return what a backtest earned, its end paid for."""
        return Run(earned(tested, self._leaving), len(tested.fills))

    def judge(self, values: Mapping[str, Value], steps: range) -> Score | None:
        """Return the score of `values` in the steps; None where they cannot be so together."""
        try:
            _parameters(self._tuning, values)
        except Misconfigured:
            return None
        found = self.swift(values, steps) or self.score(self.stretch(values, steps))
        return replace(found, value=None) if found.trades < self._tuning.least_trades else found

    def swift(self, values: Mapping[str, Value], steps: range) -> Score | None:
        """Return the score of a stretch by the kernel; None where it has no such strategy, or cannot tell."""
        place = canonical(dict(values)), steps
        if place not in self._told:
            self._told[place] = self._swept(_parameters(self._tuning, values), steps)
        return self._told[place]

    def check(self, trial: Trial, steps: range) -> None:
        """Trade a trial that the kernel has scored by the engine; BadData where that is worth anything else."""
        told = None if trial.score is None else self.swift(trial.parameters, steps)
        if told is None:
            return
        found = self.score(self.stretch(trial.parameters, steps))
        if apart := difference(told, found):
            chosen = f"{self._tuning.strategy} with {canonical(dict(trial.parameters))}"
            raise BadData(
                f"kernel and engine differ in {apart} of {chosen} in steps {steps.start} to {steps.stop}:"
                " one of them is wrong, and no score of this tuning is to be used"
            )

    def score(self, run: Run) -> Score:
        """Return the score of a stretch."""
        return score(run.made, run.trades, self._tuning.objective, self.market.plan.timeframe.bars_per_year)

    def _swept(self, told: "Parameters", steps: range) -> Score | None:
        from trading.backtest import sweep

        if not by_kernel(self._tuning.strategy):
            return None
        names = strategy(self._tuning.strategy).columns(told)
        place = frozenset(names), steps
        try:
            if place not in self._grounds:
                self._grounds[place] = grounds(self._made(told), steps, self._leaving, names)
        except Misconfigured:
            # Its steps are too fine to be counted there.
            return None
        on = self._grounds[place]
        if len(on) == 1:
            row = sweep.sweep(on[0], [told], cache=self._compiled)
        else:
            _, rest = shares(self._terms.capital, len(on))
            row = sweep.together(on, float(rest), told, self._compiled)
        return of_row(row.row(0, named=True), self._tuning.objective, self.market.plan.timeframe.bars_per_year)

    def _made(self, told: "Parameters") -> Prepared:
        name = self._tuning.strategy
        read = frozenset(strategy(name).columns(told))
        if read not in self._prepared:
            plan = replace(self.market.plan, strategies=(name,), parameters={name: told.model_dump()})
            self._prepared[read] = prepare(replace(self.market, plan=plan), self._terms)
        return self._prepared[read]


def _parameters(tuning: Tuning, values: Mapping[str, Value]) -> "Parameters":
    return parameters(tuning.strategy, {**tuning.fixed, **values})


def grounds(made: Prepared, steps: range, leaving: Decimal, names: Sequence[str]) -> "Sequence[Ground]":
    """Return what the kernel needs to trade the steps, symbol by symbol, each with its share of the capital.

    `leaving` is what it costs to sell the rest at the end, as a fraction; `names` are the columns that are read.

    Raises:
        Misconfigured: the kernel cannot count so finely.
    """
    from trading.backtest.ground import Terms as Costs
    from trading.backtest.ground import Window
    from trading.backtest.sweep import ground

    setup, last = made.setup, made.bars.last
    window = Window(setup.timeframe, setup.opens(steps.start), len(steps))
    share, _ = shares(setup.capital, len(setup.instruments))
    found: list[Ground] = []
    for one in setup.instruments:
        alone = len(setup.instruments) == 1
        capital = setup.capital if alone else share
        costs = Costs(one, setup.limits, capital, setup.half_spread_bps, float(leaving), alone)
        bars = made.bars.window(one.symbol, 0, (last or 0) + 1)
        found.append(ground(bars, made.history, window, costs, names))
    return found


def walk(storage: "Storage", study: str, bench: Bench, tuning: Tuning, told: Told) -> list[Judged]:
    """Return the folds of `tuning` in order, each searched in a study of its own that `storage` keeps."""
    found: list[Judged] = []
    for fold in tuning.folds:

        def heard(done: int, fold: Fold = fold) -> None:
            told(f"{study.partition('/')[2]} fold {fold.number}".strip(), done, tuning.trials)

        task = Search(
            tuning.space,
            tuning.sampler,
            tuning.seed,
            tuning.trials,
            lambda values, fold=fold: bench.judge(values, fold.chosen),
        )
        tried = search(storage, f"{study}/fold-{fold.number}", task, heard)
        best = best_of(tried)
        if best is not None:
            bench.check(best, fold.chosen)
        flat = Run([0.0] * len(fold.judged), 0)
        found.append(Judged(fold, tried, best, bench.stretch(best.parameters, fold.judged) if best else flat))
    return found


def study_of(market: Market, terms: Terms, tuning: Tuning) -> tuple[str, str]:
    """Return the name of the folder of all tunings of a strategy on a market, and of the very study in it.

    A study is the same where all is that its trials depend on, the text of the strategy included.
    """
    plan = market.plan
    place = digest([plan.venue, str(plan.timeframe), sorted(plan.symbols), plan.source])[:12]
    text = inspect.getsource(inspect.getmodule(strategy(tuning.strategy).desire) or inspect)
    told = {name: value for name, value in vars(tuning).items() if name not in ("trials", "folds", "space")}
    cut = [[fold.chosen.start, fold.chosen.stop, fold.judged.stop] for fold in tuning.folds]
    space = [vars(one) for one in tuning.space]
    costs = {**vars(terms), "limits": terms.limits.model_dump(mode="json")}
    return f"{tuning.strategy}-{place}", digest([plan.configuration, costs, told, cut, space, text])[:12]


def by_kernel(name: str) -> bool:
    """Whether the kernel has the rule of the strategy `name`, so that it scores the trials."""
    from trading.backtest.sweep import known_to_kernel

    return known_to_kernel(strategy(name).parameters)


def best_of(tried: Sequence[Trial]) -> Trial | None:
    """Return the trial with the highest value; None where none has one. Of equal ones always the same."""
    valued = [(one.score.value, one) for one in tried if one.score is not None and one.score.value is not None]
    most = max((value for value, _ in valued), default=None)
    best = [one for value, one in valued if value == most]
    return min(best, key=lambda one: canonical(dict(one.parameters)), default=None)


def chained(runs: Sequence[Run]) -> Run:
    """Return stretches one after the other as one."""
    return Run([each for run in runs for each in run.made], sum(run.trades for run in runs))


def shuffled_market(market: Market, block: int, seed: int) -> Market:
    """Return `market` with its bars in another order, `block` of them together: a control with nothing to find."""
    from trading.backtest.shuffle import shuffled

    bars = {symbol: bars_of(market, symbol) for symbol in market.plan.symbols}
    chance = int(digest(["shuffled", seed])[:8], 16)
    source = {"kind": "shuffled", "block": block, "seed": chance, "of": market.plan.source}
    plan = replace(market.plan, source=source)
    return Market(plan, shuffled(bars, plan.window_start, block, chance), {})
