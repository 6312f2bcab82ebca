"""A search with Optuna: what to try next, and a journal of every trial that a search goes on from after a kill."""

import json
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Literal, get_args

from services.supervisor.lock import exclusive
from trading.audit import digest
from trading.backtest.score import Score
from trading.backtest.space import Choices, Dimension, Value
from trading.errors import Misconfigured

if TYPE_CHECKING:
    import optuna

    Storage = optuna.storages.JournalStorage

Sampler = Literal["tpe", "random", "grid"]
SAMPLERS: Sequence[Sampler] = get_args(Sampler)
_FILE = "trials.journal"
#: A space whose parameters cannot be so together, or were tried already, is asked so many times for each trial.
_PATIENCE = 20
#: More points than this are no grid that anybody finishes.
_LARGEST_GRID = 100_000
_CONTROL = "control-"


@dataclass(frozen=True)
class Trial:
    """Values by parameter that were tried; `score` None: they cannot be so together, and nothing was run."""

    parameters: Mapping[str, Value]
    score: Score | None


@dataclass(frozen=True)
class Search:
    """What is searched: until `trials` of the `space` are scored; `judge` returns a score, None for the impossible."""

    space: Sequence[Dimension]
    sampler: Sampler
    seed: int
    trials: int
    judge: Callable[[Mapping[str, Value]], Score | None]


class _Held:
    """Optuna's lock of its file: the whole folder is locked already, by the kernel, which no kill leaves behind."""

    def acquire(self) -> bool:
        """Return at once."""
        return True

    def release(self) -> None:
        """Do nothing."""


@contextmanager
def journal(folder: Path) -> Iterator["Storage"]:
    """Yield the journal of `folder`, which nobody else has meanwhile.

    Raises:
        Misconfigured: another process has it, or it cannot be read.
    """
    import optuna
    from optuna.storages.journal import JournalFileBackend, JournalStorage

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with exclusive(folder):
        path, lock = folder / _FILE, _Held()
        _mend(path)
        try:
            storage = JournalStorage(JournalFileBackend(str(path), lock_obj=lock))  # pyright: ignore[reportArgumentType]
        except (ValueError, KeyError) as error:
            raise Misconfigured(f"{path} cannot be read ({error}); move it away") from None
        yield storage


def search(storage: "Storage", name: str, task: Search, told: Callable[[int], None]) -> list[Trial]:
    """Return the trials of the study `name`, those of earlier runs first; a new one is in the journal once it is done.

    The same study and seed try the same values, however often the search was stopped in between. A grid, and a space
    with few values, may end before `task.trials`.
    """
    import optuna

    there = name in optuna.get_all_study_names(storage)
    opened = optuna.load_study if there else partial(optuna.create_study, direction="maximize")
    study = opened(storage=storage, study_name=name)
    for lost in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(lost.number, state=optuna.trial.TrialState.FAIL)
    attempts, known = _known(study)
    grid = _grid(task, name)
    most = len(grid) if grid is not None else task.trials * _PATIENCE
    size = math.prod(one.count for one in task.space)
    while attempts < most and len(known) < size and _scored(known) < task.trials:
        told(_scored(known))
        asked = _asked(study, task, digest([task.seed, name, attempts])) if grid is None else None
        values = _values(task.space, asked.params) if asked else grid[attempts] if grid else {}
        again = known.get(_key(values))
        found = again or Trial(values, task.judge(values))
        _keep(study, task.space, asked, found)
        known[_key(values)] = found
        attempts += 1
    told(_scored(known))
    return list(known.values())


def counted(storage: "Storage") -> int:
    """Return how many trials the journal has scored, of all its studies but those on shuffled markets."""
    import optuna

    names = [name for name in optuna.get_all_study_names(storage) if _CONTROL not in name]
    studies = [optuna.load_study(storage=storage, study_name=name) for name in names]
    return sum(_scored(_known(study)[1]) for study in studies)


def control(study: str, block: int, number: int) -> str:
    """Return the name of a `study` on the shuffled market of this `number`, `block` bars together."""
    return f"{study}/{_CONTROL}{block}-{number}"


def _mend(path: Path) -> None:
    """Cut off the part of a line that a kill left at the end."""
    if path.exists():
        content = path.read_bytes()
        os.truncate(path, content.rfind(b"\n") + 1)


def _known(study: "optuna.Study") -> tuple[int, dict[str, Trial]]:
    """Return how often values were asked for, and the trials by their values."""
    import optuna

    states = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
    done = study.get_trials(deepcopy=False, states=states)
    known: dict[str, Trial] = {}
    for one in done:
        told = one.user_attrs["found"]
        score = None if told["score"] is None else Score(**told["score"])
        known.setdefault(_key(told["parameters"]), Trial(told["parameters"], score))
    return len(done), known


def _scored(known: Mapping[str, Trial]) -> int:
    return sum(trial.score is not None for trial in known.values())


def _key(values: Mapping[str, Value]) -> str:
    return json.dumps(values, sort_keys=True)


def _grid(task: Search, name: str) -> list[dict[str, Value]] | None:
    """Return the points of a grid in the order of the seed; None where the sampler is no grid."""
    if task.sampler != "grid":
        return None
    places = [one.coarse for one in task.space]
    if math.prod(map(len, places)) > _LARGEST_GRID:
        raise Misconfigured(
            f"--sampler grid: more than {_LARGEST_GRID:,} points; choose larger steps or another sampler"
        )
    points = [
        {one.name: one.at(place) for one, place in zip(task.space, point, strict=True)} for point in product(*places)
    ]
    Random(digest([task.seed, name])).shuffle(points)  # noqa: S311 - not for secrets
    return points


def _asked(study: "optuna.Study", task: Search, chance: str) -> "optuna.Trial":
    """Return what the sampler asks for; its seed depends on the place in the study alone: a stop changes nothing."""
    import optuna

    seed = int(chance[:8], 16)
    random = task.sampler == "random"
    study.sampler = optuna.samplers.RandomSampler(seed) if random else optuna.samplers.TPESampler(seed=seed)
    return study.ask({one.name: _distribution(one) for one in task.space})


def _distribution(one: Dimension) -> Any:
    import optuna

    if isinstance(one, Choices):
        return optuna.distributions.CategoricalDistribution(one.values)
    low, high = one.at(0), one.at(one.count - 1)
    kind = optuna.distributions.IntDistribution if one.whole else optuna.distributions.FloatDistribution
    return kind(low, high, step=int(one.step) if one.whole else float(one.step))  # pyright: ignore[reportArgumentType]


def _values(space: Sequence[Dimension], asked: Mapping[str, Any]) -> dict[str, Value]:
    """Return what was asked for on the very steps of the space."""
    return {
        one.name: asked[one.name] if isinstance(one, Choices) else one.at(one.place(asked[one.name])) for one in space
    }


def _keep(study: "optuna.Study", space: Sequence[Dimension], asked: "optuna.Trial | None", found: Trial) -> None:
    import optuna

    value = None if found.score is None else found.score.value
    state = optuna.trial.TrialState.PRUNED if value is None else optuna.trial.TrialState.COMPLETE
    told = {"parameters": dict(found.parameters), "score": None if found.score is None else vars(found.score)}
    if asked is not None:
        asked.set_user_attr("found", told)
        study.tell(asked, value, state)
        return
    distributions = {one.name: _distribution(one) for one in space}
    params = dict(found.parameters)
    made = optuna.create_trial(
        state=state, value=value, params=params, distributions=distributions, user_attrs={"found": told}
    )
    study.add_trial(made)
