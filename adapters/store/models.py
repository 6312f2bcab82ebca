"""The model registry in SQL: a model is written once under its id, with all that it was made from."""

from typing import Any

from psycopg import sql as syntax
from psycopg.types.json import Jsonb

from adapters.store.database import Connection
from trading.errors import BadData

_COLUMNS = (
    "model_id",
    "kind",
    "features",
    "parameters",
    "seed",
    "trained_from",
    "trained_to",
    "data_hash",
    "scores",
    "artefact",
)


def add(connection: Connection, table: str, book: str, model: dict[str, Any], marks: dict[str, Any]) -> bool:
    """Store `model` (the columns above) in `training.<table>` for `book`; False when it is there already."""
    row = {"book": book, **model, **marks, "parameters": Jsonb(model["parameters"]), "scores": Jsonb(model["scores"])}
    statement = syntax.SQL("insert into training.{} ({}) values ({}) on conflict do nothing").format(
        syntax.Identifier(table),
        syntax.SQL(", ").join(map(syntax.Identifier, row)),
        syntax.SQL(", ").join(map(syntax.Placeholder, row)),
    )
    return bool(connection.execute(statement, row).rowcount)


def newest(connection: Connection, table: str, book: str, kind: str | None = None) -> dict[str, Any]:
    """Return the newest model of `book`, of one `kind` if that is named, in `training.<table>`; BadData without one."""
    statement = syntax.SQL(
        "select {} from training.{} where book = %(book)s and (%(kind)s::text is null or kind = %(kind)s)"
        " order by knowledge_ts desc, model_id limit 1"
    ).format(syntax.SQL(", ").join(map(syntax.Identifier, _COLUMNS)), syntax.Identifier(table))
    row = connection.execute(statement, {"book": book, "kind": kind}).fetchone()
    if row is None:
        of_kind = f" of kind {kind}" if kind else ""
        raise BadData(f"training.{table} has no model{of_kind} for book {book}; materialise training/{table} first")
    return row


def named(connection: Connection, table: str, book: str, start: str) -> dict[str, Any]:
    """Return the model of `book` in `training.<table>` whose id begins with `start`.

    Raises:
        BadData: none does, or several do; the message lists the ids that there are.
    """
    name = syntax.Identifier(table)
    statement = syntax.SQL("select {} from training.{} where book = %s and starts_with(model_id, %s) limit 2").format(
        syntax.SQL(", ").join(map(syntax.Identifier, _COLUMNS)), name
    )
    found = connection.execute(statement, (book, start)).fetchall()
    if len(found) == 1:
        return found[0]
    known = syntax.SQL("select model_id from training.{} where book = %s order by knowledge_ts desc limit 20")
    ids = ", ".join(row["model_id"][:12] for row in connection.execute(known.format(name), (book,)))
    said = "several models begin" if found else "no model begins"
    raise BadData(f"training.{table}: {said} with {start} in book {book}; there are {ids or 'none'}")


def all_of(connection: Connection, table: str, book: str) -> list[dict[str, Any]]:
    """Return all models of `book` in `training.<table>`, without their text, the newest first."""
    names = [name for name in _COLUMNS if name != "artefact"]
    statement = syntax.SQL(
        "select {}, knowledge_ts from training.{} where book = %s order by knowledge_ts desc, model_id"
    ).format(syntax.SQL(", ").join(map(syntax.Identifier, names)), syntax.Identifier(table))
    return connection.execute(statement, (book,)).fetchall()
