"""Every set of parameters that was tried for a model: they are counted against whatever is chosen of them."""

from typing import Any

from psycopg.types.json import Jsonb

from adapters.store.database import Connection


def add(
    connection: Connection,
    study: str,
    book: str,
    kind: str,
    parameters: dict[str, Any],
    scores: dict[str, Any] | None,
    data_hash: str,
) -> None:
    """Store a trial as the next one of its study; the very same parameters count once."""
    connection.execute("select pg_advisory_xact_lock(hashtext(%s))", (study,))
    connection.execute(
        "insert into training.trials (study, number, book, kind, parameters, scores, data_hash)"
        " select %(study)s, (select coalesce(max(number) + 1, 0) from training.trials where study = %(study)s),"
        " %(book)s, %(kind)s, %(parameters)s, %(scores)s, %(data_hash)s"
        " where not exists (select 1 from training.trials where study = %(study)s and parameters = %(parameters)s)",
        {
            "study": study,
            "book": book,
            "kind": kind,
            "parameters": Jsonb(parameters),
            "scores": None if scores is None else Jsonb(scores),
            "data_hash": data_hash,
        },
    )


def counted(connection: Connection, book: str) -> tuple[int, list[float]]:
    """Return how many models were tried on the history of `book`, and the daily Sharpe ratios that are known of them.

    Trained models count too, each once: who trains until one pleases has tried as many.
    """
    row = connection.execute(
        "select (select count(*) from training.trials where book = %(book)s)"
        " + (select count(*) from training.price_models where book = %(book)s) as count",
        {"book": book},
    ).fetchone()
    ratios = connection.execute(
        "select (scores ->> 'sharpe')::double precision as sharpe from training.trials"
        " where book = %s and scores ->> 'sharpe' is not null order by study, number",
        (book,),
    ).fetchall()
    return (0 if row is None else row["count"]), [each["sharpe"] for each in ratios]
