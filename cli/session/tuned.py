"""What a tuning found, as a plain document: the folds, their judged parts as one, and what chance gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.session.tuning import Bench, Judged, Run, Tuning, chained
from trading.backtest.score import Score, yearly
from trading.performance.deflated_sharpe import deflated_sharpe, probabilistic_sharpe
from trading.performance.returns import returns


@dataclass(frozen=True)
class Tuned:
    """A finished walk over the market itself, with the number of all `trials` that count against it."""

    bench: Bench
    tuning: Tuning
    folds: Sequence[Judged]
    trials: int


def document(found: Tuned, controls: Sequence[tuple[Bench, Sequence[Judged]]]) -> dict[str, Any]:
    """Return `found` as plain values: ratios a year, returns as fractions, times in UTC; None where nothing is told."""
    bench, tuning = found.bench, found.tuning
    whole = chained([one.out_of_sample for one in found.folds])
    before, held = _instead(bench, found.folds)
    last = found.folds[-1]
    chosen = last.best.parameters if last.best else None
    own = whole_of(bench, whole)
    told = [_control(other, folds) for other, folds in controls]
    return {
        "strategy": tuning.strategy,
        "space": [{"parameter": one.name, "values": str(one), "count": one.count} for one in tuning.space],
        "folds": [_fold(bench, one, found.trials) for one in found.folds],
        "out_of_sample": {"tuned": own, "as_it_was": whole_of(bench, before), "held": whole_of(bench, held)},
        "best": best(last, found.trials, bench),
        "trials": {"counted": found.trials, **_counts(found.folds)},
        "controls": told,
        "chance": _chance(own, told),
        "set": [] if chosen is None else [f"{tuning.strategy}.{name}={value}" for name, value in chosen.items()],
    }


def whole_of(bench: Bench, run: Run) -> dict[str, Any]:
    """Return the figures of a stretch that nothing was chosen from."""
    score = bench.score(run)
    return {
        "bars": score.bars,
        "fills": score.trades,
        "score": score.value,
        "return": score.earned,
        "sharpe": yearly(score.sharpe, bench.market.plan.timeframe.bars_per_year),
        "deepest_drawdown": score.drawdown,
        "probabilistic_sharpe": _probabilistic(score),
    }


def best(fold: Judged, trials: int, bench: Bench) -> dict[str, Any] | None:
    """Return how much of the chosen trial of a fold is skill; None where none was chosen."""
    if fold.best is None or fold.best.score is None:
        return None
    score = fold.best.score
    tried = [one.score.sharpe for one in fold.tried if one.score is not None]
    return {
        "parameters": dict(fold.best.parameters),
        "sharpe": yearly(score.sharpe, bench.market.plan.timeframe.bars_per_year),
        "probabilistic_sharpe": _probabilistic(score),
        "deflated_sharpe": deflated_sharpe(score.sharpe, score.bars, score.skew, score.kurtosis, tried, trials),
    }


def _fold(bench: Bench, one: Judged, trials: int) -> dict[str, Any]:
    chosen = best(one, trials, bench)
    return {
        "fold": one.fold.number,
        "chosen_from": _span(bench, one.fold.chosen),
        "judged_on": _span(bench, one.fold.judged),
        "trials": _counts([one])["scored"],
        "parameters": None if chosen is None else chosen["parameters"],
        "in_sample": _in_sample(one),
        "out_of_sample": bench.score(one.out_of_sample).value,
        "deflated_sharpe": None if chosen is None else chosen["deflated_sharpe"],
    }


def _span(bench: Bench, steps: range) -> dict[str, str]:
    plan = bench.market.plan
    ends = {"opens": steps.start, "closes": steps.stop}
    return {name: (plan.window_start + step * plan.timeframe.delta).isoformat() for name, step in ends.items()}


def _counts(folds: Sequence[Judged]) -> dict[str, int]:
    """Return how many trials were scored, traded too little to be chosen, and could not be so together."""
    scores = [trial.score for one in folds for trial in one.tried]
    scored = [score for score in scores if score is not None]
    untold = sum(score.value is None for score in scored)
    return {"scored": len(scored), "untold": untold, "impossible": len(scores) - len(scored)}


def _instead(bench: Bench, folds: Sequence[Judged]) -> tuple[Run, Run]:
    """Return what the strategy would have earned with the parameters as they were, and what holding would have."""
    from trading.performance import benchmark

    before: list[Run] = []
    held: list[Run] = []
    for one in folds:
        tested = bench.run({}, one.fold.judged)
        before.append(bench.run_of(tested))
        times = [point.ts for point in tested.curve]
        curve = benchmark.hold(tested.closes, tested.symbols, times, tested.curve[0].equity)
        held.append(Run([float(each) for each in returns(curve)], 0))
    return chained(before), chained(held)


def _control(bench: Bench, folds: Sequence[Judged]) -> dict[str, Any]:
    """Return the same figures of a shuffled market; its own trials alone count against it."""
    chosen = best(folds[-1], _counts(folds)["scored"], bench)
    whole = whole_of(bench, chained([one.out_of_sample for one in folds]))
    return {
        "seed": bench.market.plan.source["seed"],
        "in_sample": _in_sample(folds[-1]),
        "out_of_sample": whole["score"],
        "return": whole["return"],
        "deflated_sharpe": None if chosen is None else chosen["deflated_sharpe"],
    }


def _in_sample(fold: Judged) -> float | None:
    return None if fold.best is None or fold.best.score is None else fold.best.score.value


def _chance(own: Mapping[str, Any], controls: Sequence[Mapping[str, Any]]) -> float | None:
    """Return the share of markets, the real one counted, whose judged parts scored as well as its own did."""
    if not controls:
        return None
    scores = [one["out_of_sample"] for one in controls]
    reached = sum(own["score"] is None or (score is not None and score >= own["score"]) for score in scores)
    return (1 + reached) / (1 + len(controls))


def _probabilistic(score: Score) -> float:
    return probabilistic_sharpe(score.sharpe, score.bars, score.skew, score.kurtosis)
