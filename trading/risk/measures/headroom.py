"""Headroom: how much of each limit the book uses now."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from trading.limits import LOOSER, Limits
from trading.money import ONE, ZERO, divide

#: Limits that bound each order as it is decided; of them no state of the book can be told.
_PER_ORDER = {
    "price_collar": "measured against the market at each decision",
    "max_loss": "measured to the stop at each decision",
    "max_legs": "counted for each position at each decision",
    "leg_spacing": "measured from the last entry at each decision",
    "min_rebalance": "a least size of orders: nothing is used up",
}


@dataclass(frozen=True)
class Usage:
    """What each limit is compared with; None where it is not known. Fractions of equity, `largest_order` in quote."""

    volatility: Decimal | None
    largest_position: Decimal | None
    largest_order: Decimal | None
    drawdown: Decimal | None
    least_cash: Decimal | None


@dataclass(frozen=True)
class Headroom:
    """`limit` and present `use` of one limit, what is left (`room`, below 0 beyond it) and its `share` used.

    None with the reason `why` where the use is not known.
    """

    name: str
    means: str
    limit: Decimal
    use: Decimal | None
    room: Decimal | None
    share: Decimal | None
    why: str = ""


def headroom(limits: Limits, usage: Usage, whys: Mapping[str, str]) -> list[Headroom]:
    """Return one row for each number of `limits` in their order; `whys` say by limit why its use is not known."""
    used = {
        "target_volatility": usage.volatility,
        "max_position": usage.largest_position,
        "max_order_value": usage.largest_order,
        "max_drawdown": usage.drawdown,
        "cash_buffer": usage.least_cash,
    }
    rows: list[Headroom] = []
    for name in LOOSER:
        limit: Decimal = getattr(limits, name)
        use = used.get(name)
        means = Limits.model_fields[name].description or ""
        if use is None:
            why = _PER_ORDER.get(name) or whys.get(name, "not known")
            rows.append(Headroom(name, means, limit, None, None, None, why))
        elif name == "cash_buffer":
            # A floor: what is used of it is what must not fall below it.
            rows.append(Headroom(name, means, limit, use, use - limit, divide(limit, use) if use > ZERO else None))
        else:
            rows.append(Headroom(name, means, limit, use, limit - use, divide(use, limit)))
    return rows


def near(rows: list[Headroom], share: Decimal = Decimal("0.9")) -> list[str]:
    """Return the names of limits of which more than `share` is used."""
    return [row.name for row in rows if row.share is not None and row.share > min(share, ONE)]
