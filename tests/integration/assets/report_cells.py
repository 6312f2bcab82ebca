"""The cells of a daily report, and what the statement that a cell's table links to says about each."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from adapters.store.database import Database

#: What tells the rows of a table apart; tables with one row have no key.
KEYS = {
    "headline": (),
    "record": (),
    "total": (),
    "ledger": (),
    "curve": ("ts",),
    "prices": ("symbol", "ts"),
    "strategies": ("name",),
    "by_symbol": ("name",),
    "positions": ("strategy", "symbol"),
    "round_trips": ("ref",),
    "orders": ("client_id",),
    "fills": ("client_id", "trade_id"),
    "refusals": ("at", "signal_id", "reason"),
    "signals": ("strategy", "reason"),
    "models": ("model_id",),
    "versions": ("strategy", "strategy_version", "limits_version", "code_version"),
    "closed_gates": ("symbol", "check_name"),
    "findings": ("symbol", "check_name"),
    "quarantined": ("symbol", "reason"),
}
#: Words about numbers, or lists of them: no cell of a table.
_NOT_A_CELL = {"in_words", "remainder", "sums", "differing_balances"}


@dataclass(frozen=True)
class Cell:
    """One value of a report: in which table, in which row, in which column."""

    table: str
    row: tuple[Any, ...]
    column: str
    value: Any


def cells(told: dict[str, Any]) -> list[Cell]:
    """Return every cell of the document of a daily report."""
    return [
        Cell(table, tuple(row[name] for name in key), column, value)
        for table, key in KEYS.items()
        for row in _rows(told, table)
        for column, value in row.items()
        if column not in _NOT_A_CELL
    ]


def disagreeing(database: Database, told: dict[str, Any], chosen: list[Cell]) -> list[tuple[Cell, Any]]:
    """Return those of the `chosen` cells of which the linked statement says something else, with what it says."""
    answers = {table: _asked(database, told["queries"][table]) for table in {cell.table for cell in chosen}}
    found = ((cell, _in(answers[cell.table], cell)) for cell in chosen)
    return [(cell, asked) for cell, asked in found if not _same(cell.value, asked)]


def _rows(told: dict[str, Any], table: str) -> Iterator[dict[str, Any]]:
    if table == "prices":
        for symbol, points in told["prices"].items():
            yield from ({"symbol": symbol, **point} for point in points)
        return
    content = told["quality"][table] if table in told["quality"] else told[table]
    yield from ([content] if isinstance(content, dict) else content)


def _asked(database: Database, statement: str) -> list[dict[str, Any]]:
    with database.transaction() as connection:
        return connection.execute(statement).fetchall()  # pyright: ignore[reportArgumentType, reportCallIssue]


def _in(rows: list[dict[str, Any]], cell: Cell) -> Any:
    key = KEYS[cell.table]
    found = [row for row in rows if all(_same(want, row[name]) for name, want in zip(key, cell.row, strict=True))]
    if len(found) != 1 or cell.column not in found[0]:
        return f"{len(found)} rows"
    return found[0][cell.column]


def _same(told: Any, asked: Any) -> bool:
    if isinstance(asked, datetime):
        return told is not None and datetime.fromisoformat(told) == asked
    if isinstance(asked, Decimal | float) or (isinstance(asked, int) and not isinstance(asked, bool)):
        if told is None or isinstance(told, dict | list):
            return False
        one, other = Decimal(str(told)), Decimal(str(asked))
        return abs(one - other) <= Decimal("1e-10") + abs(other) * Decimal("1e-9")
    if isinstance(asked, dict):
        return isinstance(told, dict) and told.keys() == asked.keys() and all(_same(told[k], asked[k]) for k in told)
    return told == asked
