"""The rows of a view as Arrow batches that lose nothing: the type of each column, and the rows in a fixed order."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from adapters.store.dictionary import View

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH = 5_000
_EXACT = "decimal(38,18)"
#: What a column becomes; any other type becomes the text that PostgreSQL writes.
_KINDS = {
    "text": "text",
    "bigint": "bigint",
    "integer": "integer",
    "boolean": "boolean",
    "double precision": "double",
    "timestamptz": "timestamp utc",
    "date": "date",
    "interval": "interval",
    "text[]": "text[]",
}
_FITS = "coalesce(bool_and(coalesce(scale(trim_scale({0})) <= 18 and abs({0}) < 1e20, {0} is null)), true)"


class Rows:
    """The rows of one view, of one book where it has books; `count` is how many `batches` has yielded."""

    def __init__(
        self,
        connection: psycopg.Connection[tuple[Any, ...]],
        view: View,
        types: Mapping[str, str],
        where: sql.Composable,
    ) -> None:
        self.view, self.types, self.count = view, dict(types), 0
        self._connection, self._where = connection, where

    @property
    def schema(self) -> "pa.Schema":
        """The Arrow schema, with the comment of each column."""
        import pyarrow as pa

        arrow = {
            "text": pa.string(),
            "bigint": pa.int64(),
            "integer": pa.int32(),
            "boolean": pa.bool_(),
            "double": pa.float64(),
            "timestamp utc": pa.timestamp("us", "UTC"),
            "date": pa.date32(),
            "interval": pa.duration("us"),
            "text[]": pa.list_(pa.string()),
            _EXACT: pa.decimal128(38, 18),
        }
        fields = [
            pa.field(column.name, arrow[self.types[column.name]], metadata={"comment": column.meaning})
            for column in self.view.columns
        ]
        return pa.schema(fields, metadata={"comment": self.view.meaning})

    def batches(self) -> "Iterator[pa.RecordBatch]":
        """Yield all rows, ordered by their columns from the first to the last: the same rows make the same file."""
        import pyarrow as pa

        schema = self.schema
        chosen = sql.SQL(", ").join(self._read(column.name, column.type) for column in self.view.columns)
        order = sql.SQL(", ").join(sql.SQL("{}").format(number + 1) for number in range(len(self.view.columns)))
        query = sql.SQL("select {} from {} {} order by {}").format(
            chosen, sql.Identifier("analytics", self.view.name), self._where, order
        )
        with self._connection.cursor(name="export") as cursor:
            cursor.execute(query)
            while rows := cursor.fetchmany(_BATCH):
                self.count += len(rows)
                columns = [
                    pa.array(values, field.type) for values, field in zip(zip(*rows, strict=True), schema, strict=True)
                ]
                yield pa.record_batch(columns, schema=schema)

    def _read(self, name: str, kind: str) -> sql.Composable:
        if self.types[name] == _EXACT:
            return sql.SQL("trim_scale({})").format(sql.Identifier(name))
        if self.types[name] == "text" and kind != "text":
            return sql.SQL("{}::text").format(sql.Identifier(name))
        return sql.Identifier(name)


def rows_of(connection: psycopg.Connection[tuple[Any, ...]], view: View, book: str | None) -> Rows:
    """Return the rows of `view`, those of `book` alone where it has a column `book`, with types that lose nothing."""
    where: sql.Composable = sql.SQL("")
    if book is not None and any(column.name == "book" for column in view.columns):
        where = sql.SQL("where book = {}").format(sql.Literal(book))
    types = {column.name: _KINDS.get(column.type, "text") for column in view.columns}
    exact = [column.name for column in view.columns if column.type == "numeric"]
    if exact:
        asked = sql.SQL(", ").join(sql.SQL(_FITS).format(sql.Identifier(name)) for name in exact)
        query = sql.SQL("select {} from {} {}").format(asked, sql.Identifier("analytics", view.name), where)
        row = connection.execute(query).fetchone() or ()
        types |= {name: _EXACT if fits else "text" for name, fits in zip(exact, row, strict=True)}
    return Rows(connection, view, types, where)
