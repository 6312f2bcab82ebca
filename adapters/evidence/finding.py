"""What a check is, what it says about each case, and what comes of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from adapters.evidence.history import History

#: One case: (what it is about, what is wrong with it or ""). What it is about is a client id, a signal id, or a trade
#: as `SYMBOL#id`; anything else has no timeline.
Case = tuple[str, str]


class NotEvaluated(Exception):
    """The evidence for (the rest of) an invariant is not there; the text says what is missing."""


@dataclass(frozen=True)
class Check:
    """An invariant of docs/reliability.md with its one-line meaning and the function that yields its cases."""

    invariant: str
    meaning: str
    cases: Callable[[History], Iterator[Case]]


@dataclass(frozen=True)
class Violation:
    """One case that does not hold: `ref` is what it is about, `what` the disagreement."""

    invariant: str
    ref: str
    what: str


@dataclass(frozen=True)
class Verdict:
    """The result of one check over `cases` cases; `missing` says what evidence was not there, "" when all was."""

    invariant: str
    meaning: str
    cases: int
    violations: tuple[Violation, ...]
    missing: str = ""

    @property
    def holds(self) -> bool:
        """Whether all the evidence was there and nothing contradicts it."""
        return not self.violations and not self.missing

    @property
    def word(self) -> str:
        """`holds`, `VIOLATED` or `not evaluated`."""
        if self.violations:
            return "VIOLATED"
        return "not evaluated" if self.missing else "holds"


def judge(check: Check, history: History) -> Verdict:
    """Return the verdict of one check; evidence that it cannot read is a violation too."""
    cases, missing, found = 0, "", []
    try:
        for ref, what in check.cases(history):
            cases += 1
            if what:
                found.append(Violation(check.invariant, ref, what))
    except NotEvaluated as reason:
        missing = str(reason)
    except Exception as error:
        found.append(Violation(check.invariant, "", f"cannot be judged: {type(error).__name__}: {error}"))
    return Verdict(check.invariant, check.meaning, cases, tuple(found), missing)
