"""Which limits a change makes looser: those allow more risk than before, so a second person has to agree."""

from trading.limits import LOOSER, Limits


def loosened(before: Limits, after: Limits) -> tuple[str, ...]:
    """Return the names of the limits that allow more in `after` than in `before`, in their order."""
    changes = {name: getattr(after, name) - getattr(before, name) for name in LOOSER}
    looser = tuple(name for name, way in LOOSER.items() if changes[name] * way > 0)
    # Whether other hours cover those that were taken away is for the second person to see.
    return looser if set(before.closed) <= set(after.closed) else (*looser, "closed")
