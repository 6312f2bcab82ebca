"""The command `tradewind` as a user starts it, and what it left in its data folder."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

ROOT = Path(__file__).parents[2]
#: More than the longest of our commands takes on the slowest machine seen, beside other tests.
PATIENCE_SECONDS = 600.0


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def result(self) -> dict[str, Any]:
        return json.loads(self.out.strip().splitlines()[-1])

    @property
    def reasons(self) -> list[str]:
        return [line for line in self.err.splitlines() if line.startswith("tradewind: ")]


def start(*arguments: str, **variables: str) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRADEWIND_")}
    command = [sys.executable, "-m", "cli.main", *arguments]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={**kept, "COLUMNS": "400", **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def end(process: subprocess.Popen[str], timeout: float = PATIENCE_SECONDS) -> Ended:
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return Ended(process.returncode, out, err)


def tradewind(*arguments: str, timeout: float = PATIENCE_SECONDS, **variables: str) -> Ended:
    return end(start(*arguments, **variables), timeout)


def counts(url: str) -> dict[str, int]:
    """Return how many rows each table of ours has, but for heartbeats."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "select table_schema, table_name from information_schema.tables where table_type = 'BASE TABLE'"
            " and table_schema not in ('pg_catalog', 'information_schema', 'public') order by 1, 2"
        ).fetchall()
        found: dict[str, int] = {}
        for name in tables:
            row = connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(*name))).fetchone()
            assert row is not None
            found[".".join(name)] = row[0]
        return found
