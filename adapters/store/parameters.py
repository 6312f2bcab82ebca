"""Limits and strategy parameters: versioned rows, written once per content."""

from typing import Any

from psycopg import sql as syntax
from psycopg.types.json import Jsonb
from pydantic import BaseModel, ValidationError

from adapters.store.database import Connection
from trading.errors import Misconfigured
from trading.limits import Limits


def limits(connection: Connection) -> tuple[int, Limits]:
    """Return the (version, limits) that hold now; Misconfigured names the row when it does not validate."""
    row = connection.execute(
        "select version, parameters from trading.limits inner join trading.limits_in_force using (version)"
    ).fetchone()
    if row is None:
        raise Misconfigured("no change in trading.limit_changes holds; run `tradewind run` once, it writes the first")
    return row["version"], _limits(row)


def all_limits(connection: Connection) -> dict[int, Limits]:
    """Return the limits by version; Misconfigured names the row when one does not validate."""
    rows = connection.execute("select version, parameters from trading.limits")
    return {row["version"]: _limits(row) for row in rows}


class LimitsByVersion:
    """The limits by version, each read once: whoever decides often learns of a change by its number."""

    def __init__(self, connection: Connection) -> None:
        """Read the limits that hold now: what is wrong with them is to be known before anything is decided."""
        version, found = limits(connection)
        self._known = {version: found}

    def of(self, connection: Connection, version: int | None) -> tuple[int, Limits]:
        """Return (version, limits) of row `version`; Misconfigured when it does not validate, or nothing holds."""
        if version is None:
            return limits(connection)
        if version not in self._known:
            row = connection.execute(
                "select version, parameters from trading.limits where version = %s", (version,)
            ).fetchone()
            assert row is not None  # noqa: S101 - a change refers to it
            self._known[version] = _limits(row)
        return version, self._known[version]


def _limits(row: dict[str, Any]) -> Limits:
    try:
        return Limits(**row["parameters"])
    except ValidationError as error:
        raise Misconfigured(f"row {row['version']} of trading.limits: {error.errors()[0]['msg']}") from None


def ensure_limits(connection: Connection, value: Limits, author: str, reason: str) -> int:
    """Return the version of the row with this content, adding it when there is none.

    Where no limits hold yet, these do from now on; who wants others afterwards proposes a change (limit_changes.py).
    """
    version = add_limits(connection, value, author, reason)
    connection.execute(
        "insert into trading.limit_changes (version, owner, reason, looser)"
        " select %s, %s, %s, '{}' where not exists (select 1 from trading.limits_in_force)",
        (version, author, reason),
    )
    return version


def add_limits(connection: Connection, value: Limits, author: str, reason: str) -> int:
    """Return the version of the row with this content, adding it when there is none; it need not hold."""
    return _ensure(connection, "limits", {"parameters": Jsonb(value.model_dump(mode="json"))}, author, reason)


def ensure_strategy(connection: Connection, strategy: str, value: BaseModel, author: str, reason: str) -> int:
    """Return the version of the strategy's row with this content, adding it when there is none."""
    content = Jsonb(value.model_dump(mode="json"))
    return _ensure(connection, "strategies", {"strategy": strategy, "parameters": content}, author, reason)


def _ensure(connection: Connection, table: str, content: dict[str, Any], author: str, reason: str) -> int:
    name, row = syntax.Identifier("trading", table), {**content, "author": author, "reason": reason}
    insert = syntax.SQL("insert into {} ({}) values ({}) on conflict do nothing").format(
        name,
        syntax.SQL(", ").join(map(syntax.Identifier, row)),
        syntax.SQL(", ").join(map(syntax.Placeholder, row)),
    )
    connection.execute(insert, row)
    same = (syntax.SQL("{} = {}").format(syntax.Identifier(key), syntax.Placeholder(key)) for key in content)
    found = connection.execute(
        syntax.SQL("select version from {} where {}").format(name, syntax.SQL(" and ").join(same)), content
    ).fetchone()
    assert found is not None  # noqa: S101
    return found["version"]
