"""How the features of a model were distributed in its training, kept beside it."""

import polars as pl

from adapters.store.database import Connection

_COLUMNS = ("feature", "edges", "shares", "psi_limit", "ks_limit", "bars")


def add(connection: Connection, book: str, model_id: str, ranges: pl.DataFrame) -> None:
    """Store `ranges` (feature, edges, shares, psi_limit, ks_limit, bars) of a model; what is there already stays."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into training.feature_ranges (book, model_id, feature, edges, shares, psi_limit, ks_limit, bars)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
            [(book, model_id, *row) for row in ranges.select(_COLUMNS).iter_rows()],
        )


def read(connection: Connection, book: str, model_id: str) -> pl.DataFrame:
    """Return the ranges of a model, one row per feature; none where they were not kept."""
    rows = connection.execute(
        "select feature, edges, shares, psi_limit, ks_limit, bars from training.feature_ranges"
        " where book = %s and model_id = %s order by feature",
        (book, model_id),
    ).fetchall()
    kinds = {"feature": pl.String, "edges": pl.List(pl.Float64), "shares": pl.List(pl.Float64)}
    return pl.DataFrame(rows, schema={**kinds, "psi_limit": pl.Float64, "ks_limit": pl.Float64, "bars": pl.Int64})
