"""The passport of one order as a page for the terminal: sections, names and values aligned, hashes with their mark."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from adapters.evidence.marks import KINDS, Mark
from adapters.evidence.passport import Passport
from trading.money import text

#: Characters of a hash that are shown: enough to find it again.
_SHOWN = 12
#: Columns in which the values of features stand side by side.
_ABREAST = 3
_NAME_WIDTH = 17
#: In microseconds.
_MILLISECOND = 1000
_SIGNS = {"equal": "[green]✓[/green]", "not equal": "[bold red]✗[/bold red]", "missing": "[bold red]?[/bold red]"}
_KEYS = {"book", "venue", "symbol", "timeframe", "ts", "knowledge_ts", "recorded_at", "run_id", "code_version"}
_ORDER = ("created_at", "book", "strategy", "venue", "leg", "attempt", "sent_at", "venue_order_id", "epoch")
_SIGNAL = ("signal_id", "strategy", "ts", "decided_at", "valid_until", "exposure", "stop", "volatility")
_MODEL = ("table", "kind", "model_id", "trained_from", "trained_to", "seed", "features", "knowledge_ts")


def page(passport: Passport) -> Group:
    """Return the whole page; 100 columns are enough for it."""
    told, parts = passport.sections, list[RenderableType]()
    parts += [_title(passport), *_order(told)]
    parts += _section("fills", _rows(told["fills"], ("ts", "price", "quantity", "fee", "fee_currency", "trade_id")))
    parts += _section("journals", _rows(told["journals"], ("at", "kind", "account", "amount", "currency")))
    parts += _section("decision", _decision(told))
    parts += _section("signal", _signal(told))
    parts += _section("features, as visible then", _values(told["features"]))
    for name in ("forecast", "regime", "candle"):
        parts += _section(f"{name}, as visible then", _row(told[name]))
    parts += _section("model", _model(told["model"]))
    parts += _section("model of the regime", _model(told["regime_model"]))
    parts += _section("message", _row(told["kafka"], skip=("body_hash",)))
    parts += _section("runs", _rows(told["runs"], ("wrote", "run_id", "code_version")))
    parts += _section("audit chain", _rows(told["audit"], ("seq", "kind", "ref", "hash")))
    parts += _section("hashes", _marks(passport.marks))
    return Group(*parts)


def _title(passport: Passport) -> Text:
    flaws = sum(not mark.equal for mark in passport.marks)
    verdict = f"[bold red]{flaws} of {len(passport.marks)} hashes do not hold[/]" if flaws else "[green]sound[/green]"
    return Text.from_markup(f"[bold]order {escape(passport.client_id)}[/bold]  {verdict}")


def _order(told: Mapping[str, Any]) -> Iterable[RenderableType]:
    order = told["order"]
    prices = [f"at {shown(order[f'{name}_price'])}" for name in ("limit", "stop") if order[f"{name}_price"]]
    wanted = [order["side"], shown(order["quantity"]), order["symbol"], order["type"], *prices]
    came = f"{order['state']}, filled {shown(order['filled'])} of {shown(order['quantity'])}"
    refused = [order[name] for name in ("outcome_code", "outcome_detail") if order[name]]
    pairs = [("wanted", " ".join(wanted)), ("came to", " ".join([came, *refused])), ("because", told["origin"])]
    return [_grid([*pairs, *((name, shown(order[name])) for name in _ORDER)])]


def _decision(told: Mapping[str, Any]) -> RenderableType | None:
    decision, gates = told["decision"], told["gates"]
    if decision is None:
        return None
    names = ("decision_no", "decided_at", "verdict", "reason", "trigger_", "current_quantity", "target_quantity")
    pairs = [(name.rstrip("_"), shown(decision[name])) for name in names]
    pairs += [("gate", _gate(gates)), ("limits", f"version {decision['limits_version']}")]
    for part in ("account", "market"):
        held = {name: value for name, value in told["inputs"].get(part, {}).items() if _says_something(value)}
        pairs.append((part, ", ".join(f"{name} {_brief(value)}" for name, value in held.items())))
    return _grid(pairs)


def _says_something(value: object) -> bool:
    return value not in (None, "", [], "0", 0) and not isinstance(value, dict | list | bool)


def _gate(gates: Mapping[str, Any]) -> str:
    if gates["open"]:
        return "open"
    said = [f"closed by {gates.get('reason', 'nobody knows what')}"]
    if check := gates.get("check"):
        between = f"{shown(check['first_ts'])} to {shown(check['last_ts'])}"
        said.append(f"check {check['check_name']} of run {check['run_id']}: {check['affected']} rows, {between}")
    said += [f"halt {halt['halt_id']} by {halt['actor']} at {shown(halt['at'])}" for halt in gates.get("halts", ())]
    return "; ".join(said)


def _signal(told: Mapping[str, Any]) -> RenderableType | None:
    signal, parameters = told["signal"], told["parameters"]
    if signal is None:
        return None
    pairs = [(name, shown(signal[name])) for name in (*_SIGNAL, "reference_price", "regime", "reason")]
    quotes = [f"{one['side']} at {one['price']} to {one['exposure']}" for one in signal["quotes"]]
    pairs.append(("quotes", "; ".join(quotes) or "-"))
    chosen = {} if parameters is None else parameters["parameters"]
    version = f"version {signal['config_version']}: " + ", ".join(f"{name} {value}" for name, value in chosen.items())
    return _grid([*pairs, ("parameters", version)])


def _values(row: Mapping[str, Any] | None) -> RenderableType | None:
    """Return the values of a row side by side, column by column."""
    if row is None:
        return None
    told = [(name, _brief(value)) for name, value in row.items() if name not in _KEYS]
    height = -(-len(told) // _ABREAST)
    grid = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(_ABREAST):
        grid.add_column(style="dim")
        grid.add_column(justify="right")
    for number in range(height):
        cells = told[number::height]
        grid.add_row(*(escape(part) for pair in cells for part in pair))
    known = f"bar {shown(row['ts'])}, known {shown(row['knowledge_ts'])}, run {row['run_id']}"
    return Group(Text(known, style="dim"), grid)


def _model(row: Mapping[str, Any] | None) -> RenderableType | None:
    if row is None:
        return None
    pairs = [(name, shown(row[name])) for name in _MODEL]
    for name in ("scores", "parameters"):
        pairs.append((name, ", ".join(f"{key} {_brief(value)}" for key, value in row[name].items()) or "-"))
    return _grid(pairs)


def _row(row: Mapping[str, Any] | None, skip: Sequence[str] = ()) -> RenderableType | None:
    hidden = {"book", "venue", "symbol", "timeframe", *skip}
    return None if row is None else _grid([(name, shown(row[name])) for name in row if name not in hidden])


def _rows(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> RenderableType | None:
    if not rows:
        return None
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    for name in names:
        number = isinstance(rows[0][name], Decimal | int)
        grid.add_column(name, justify="right" if number else "left", overflow="fold", no_wrap=name in ("at", "ts"))
    for row in rows:
        cells = (str(row[name])[:_SHOWN] if name == "hash" else shown(row[name]) for name in names)
        grid.add_row(*map(escape, cells))
    return grid


def _marks(marks: Sequence[Mark]) -> RenderableType:
    grid = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(5):
        grid.add_column(overflow="fold")
    for mark in marks:
        hashes = (mark.stored or "-", mark.recomputed or "-")
        same = [short(hashes[0])[: _SHOWN + 4]] if mark.equal else [short(one) for one in hashes]
        about = f"{KINDS[mark.kind]}: {mark.what}" if mark.what else KINDS[mark.kind]
        grid.add_row(_SIGNS[mark.word], escape(mark.kind), *same, *[""] * (2 - len(same)), f"[dim]{escape(about)}[/]")
    return grid


def short(value: str) -> str:
    """Return a hash by its beginning, anything else as it is."""
    return value[:_SHOWN] if len(value) > 2 * _SHOWN and " " not in value else value


def _section(name: str, body: RenderableType | None) -> list[RenderableType]:
    head = Text.from_markup(f"\n[bold]{name}[/bold]")
    return [head, Text("  none", style="dim") if body is None else body]


def _grid(pairs: Iterable[tuple[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", width=_NAME_WIDTH)
    grid.add_column(overflow="fold")
    for name, value in pairs:
        grid.add_row(escape(name), escape(value))
    return grid


def _brief(value: object) -> str:
    return "-" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def shown(value: Any) -> str:
    """Return a value as a person reads it: times in UTC without zone, amounts without trailing zeros."""
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}" + (
            f".{value.microsecond // 1000:03}" if value.microsecond >= _MILLISECOND else ""
        )
    if isinstance(value, Decimal):
        return text(value)
    return str(value)
