"""What other fees and another model come to, for programs and for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from cli.output import out
from trading.money import text
from trading.signal import Signal

if TYPE_CHECKING:
    from cli.session.other_model import Changed, OtherModel
    from trading.simulation.fee_change import Bill

#: Signals that are shown to people; the JSON lists them all.
_SHOWN = 20


@dataclass(frozen=True)
class Answer:
    """The fees of the fills where other rates were supposed, the model where another one was; None where not."""

    bills: "Sequence[Bill] | None" = None
    other: "OtherModel | None" = None

    def as_object(self) -> dict[str, Any]:
        """Return the fields `fees`, `model` and `signals` of the verb's JSON; amounts as exact text."""
        return {
            "fees": {one.currency: _bill(one) for one in self.bills or ()},
            "model": None if self.other is None else _model(self.other),
            "signals": {} if self.other is None else {one.before.signal_id: _row(one) for one in self.other.changed},
        }

    def show(self, *, differs: bool, only_fees: bool) -> None:
        """Print it; `differs`: a decision came out differently, `only_fees`: nothing else was supposed."""
        if self.bills is not None:
            if only_fees and not differs:
                said = "  no decision of this time depends on fees: others would only have changed what fills cost"
                out.print(said, soft_wrap=True)
            _show_bills(self.bills)
        if self.other is not None:
            _show_signals(self.other)


def _bill(one: "Bill") -> dict[str, Any]:
    after, difference = one.would_be, one.difference
    return {
        "fills": one.fills,
        "was": text(one.was),
        "would_be": None if after is None else text(after),
        "difference": None if difference is None else text(difference),
    }


def _model(other: "OtherModel") -> dict[str, Any]:
    model = other.model
    return {
        "model_id": model.model_id,
        "trained_from": model.trained_from.isoformat(),
        "trained_to": model.trained_to.isoformat(),
        "signals": len(other.signals),
        "foreseen": len(other.foreseen),
    }


def _row(one: "Changed") -> dict[str, Any]:
    signal = one.before
    return {
        "strategy": signal.strategy,
        "symbol": signal.symbol,
        "bar_ts": signal.ts.isoformat(),
        "before": _desired(signal),
        "after": _desired(one.after),
    }


def _desired(signal: Signal) -> dict[str, Any]:
    return {
        "exposure": _amount(signal.exposure),
        "stop": _amount(signal.stop),
        "reason": signal.reason,
        "quotes": len(signal.quotes),
    }


def _amount(value: Decimal | None) -> str | None:
    return None if value is None else text(value)


def _show_bills(bills: "Sequence[Bill]") -> None:
    if not bills:
        out.print("  nothing filled in this time, so no fee was paid")
        return
    out.print("  fees of the fills of this time, which stay as they were; each in its currency:", soft_wrap=True)
    grid = Table(box=None, pad_edge=False, padding=(0, 2), header_style="dim")
    grid.add_column("  currency")
    for name in ("fills", "as they were", "as they would be", "difference"):
        grid.add_column(name, justify="right", overflow="fold")
    for one in bills:
        after, difference = _amount(one.would_be), _amount(one.difference)
        grid.add_row(
            f"  {escape(one.currency)}", f"{one.fills:,}", text(one.was), after or "not known", difference or "\u2013"
        )
    out.print(grid)


def _show_signals(other: "OtherModel") -> None:
    model, changed = other.model, other.changed
    out.print(
        f"  signals that read a forecast {len(other.signals):,}   different {len(changed):,}   by model"
        f" {model.model_id[:12]}, trained on {model.trained_from:%Y-%m-%d %H:%M} to {model.trained_to:%Y-%m-%d %H:%M}",
        soft_wrap=True,
    )
    if other.foreseen:
        out.print(
            f"  [yellow]it has seen the future of {len(other.foreseen):,} of them: its forecasts prove nothing[/]",
            soft_wrap=True,
        )
    for one in changed[:_SHOWN]:
        was, now = one.before, one.after
        said = f"{was.ts:%Y-%m-%d %H:%M}  {was.strategy} {was.symbol}  {_said(was)} > {_said(now)}"
        out.print(f"    {escape(said)}", soft_wrap=True)
    if len(changed) > _SHOWN:
        out.print(f"    ... and {len(changed) - _SHOWN:,} more; --json lists them all")


def _said(signal: Signal) -> str:
    stop = "" if signal.stop is None else f" stop {text(signal.stop)}"
    wanted = "as held" if signal.exposure is None else text(signal.exposure)
    quotes = f" {len(signal.quotes)} quotes" if signal.quotes else ""
    return f"{wanted}{stop}{quotes} ({signal.reason})"
