"""Which state may follow which; a transition that is not drawn here is a defect, not a surprise."""

from trading.errors import BadData
from trading.order import OrderState as S

NEXT: dict[S, frozenset[S]] = {
    S.INTENT: frozenset({S.SENDING, S.CANCELED}),
    S.SENDING: frozenset({S.ACKED, S.PARTIAL, S.FILLED, S.CANCELED, S.EXPIRED, S.REJECTED, S.UNKNOWN, S.ABSENT}),
    S.UNKNOWN: frozenset({S.ACKED, S.PARTIAL, S.FILLED, S.CANCELED, S.EXPIRED, S.REJECTED, S.ABSENT}),
    S.ACKED: frozenset({S.PARTIAL, S.FILLED, S.CANCELED, S.EXPIRED, S.PENDING_CANCEL}),
    S.PARTIAL: frozenset({S.PARTIAL, S.FILLED, S.CANCELED, S.EXPIRED, S.PENDING_CANCEL}),
    S.PENDING_CANCEL: frozenset({S.FILLED, S.CANCELED, S.EXPIRED}),
    S.FILLED: frozenset(),
    S.CANCELED: frozenset(),
    S.EXPIRED: frozenset(),
    S.REJECTED: frozenset(),
    S.ABSENT: frozenset(),
}


def check(before: S, after: S) -> None:
    """Return when `before` > `after` is drawn above; BadData otherwise."""
    if after not in NEXT[before]:
        raise BadData(f"an order in state {before} cannot become {after}")
