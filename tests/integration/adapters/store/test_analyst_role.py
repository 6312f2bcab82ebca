"""The role analyst: SELECT on the views of analytics and not one right more, by the catalogue and by trying."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from adapters.store import analysts, answers
from adapters.store.local_postgres import LocalPostgres, fresh_database
from tests.integration.adapters.store.analyst_login import login
from trading.errors import Misconfigured, Unavailable

RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN")
OURS = "n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^(pg_|_?timescaledb)'"
#: What TimescaleDB brings along is its own, and without a right of ours.
NO_EXTENSION = "not exists (select from pg_depend as d where d.objid = {}.oid and d.deptype = 'e')"


@pytest.fixture
def analyst(database: str, tmp_path: Path) -> Iterator[psycopg.Connection[Any]]:
    """A session of the analyst who has taken off what protects against mistakes alone."""
    with analysts.connect(login(database, tmp_path)) as connection:
        connection.execute("set default_transaction_read_only = off")
        yield connection


def asked(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def rights(url: str) -> dict[str, set[str]]:
    """Return the rights of the analyst on each relation and sequence of ours, by name."""
    found = asked(
        url,
        "select format('%I.%I', n.nspname, c.relname), p.name from pg_class as c"
        " inner join pg_namespace as n on n.oid = c.relnamespace"
        f" cross join unnest(array[{', '.join(repr(right) for right in RIGHTS)}]) as p (name)"
        f" where c.relkind in ('r', 'v', 'm', 'p', 'f') and {OURS} and {NO_EXTENSION.format('c')}"
        " and (has_table_privilege('analyst', c.oid, p.name) or"
        "  (p.name in ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')"
        "   and has_any_column_privilege('analyst', c.oid, p.name)))"
        " union all select format('%I.%I', n.nspname, c.relname), p.name from pg_class as c"
        " inner join pg_namespace as n on n.oid = c.relnamespace cross join (values ('USAGE'), ('UPDATE')) as p (name)"
        f" where c.relkind = 'S' and {OURS} and has_sequence_privilege('analyst', c.oid, p.name)",
    )
    held: dict[str, set[str]] = {}
    for name, right in found:
        held.setdefault(name, set()).add(right)
    return held


def views(url: str) -> set[str]:
    query = "select format('analytics.%I', viewname) from pg_views where schemaname = 'analytics'"
    return {name for (name,) in asked(url, query)}


def test_it_may_read_the_views_and_nothing_else(database: str) -> None:
    assert len(views(database)) >= 18
    assert rights(database) == {name: {"SELECT"} for name in views(database)}


def test_a_right_too_many_is_seen(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("grant select on ops.books to public")
        connection.execute("grant update (state) on trading.orders to analyst")
        connection.execute("grant usage on sequence trading.halts_halt_id_seq to analyst")
        connection.execute("revoke select on analytics.fills from analyst")
    wrong = rights(database)
    assert wrong["ops.books"] == {"SELECT"}
    assert wrong["trading.orders"] == {"UPDATE"}
    assert wrong["trading.halts_halt_id_seq"] == {"USAGE"}
    assert "analytics.fills" not in wrong


def test_schemas_functions_and_databases_are_closed(database: str) -> None:
    """A migration that adds a function takes it from PUBLIC: `revoke all on function ... from public`."""
    schemas = asked(
        database,
        "select n.nspname, p.name from pg_namespace as n cross join (values ('USAGE'), ('CREATE')) as p (name)"
        f" where {OURS} and has_schema_privilege('analyst', n.oid, p.name) order by 1, 2",
    )
    assert [each for each in schemas if each[0] != "public" or each[1] == "CREATE"] == [("analytics", "USAGE")]
    callable_ = asked(
        database,
        "select p.oid::regprocedure::text from pg_proc as p inner join pg_namespace as n on n.oid = p.pronamespace"
        f" where {OURS} and {NO_EXTENSION.format('p')} and has_function_privilege('analyst', p.oid, 'EXECUTE')"
        " and p.proname !~ '^(mark_|roll)'",
    )
    assert callable_ == []
    row = asked(
        database,
        "select rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolconnlimit > 0,"
        " exists (select from pg_auth_members as m where m.member = r.oid),"
        " has_database_privilege('analyst', current_database(), 'TEMPORARY'),"
        " has_database_privilege('analyst', current_database(), 'CREATE')"
        " from pg_roles as r where rolname = 'analyst'",
    )
    assert row == [(False, False, False, False, False, True, False, False, False)]


@pytest.mark.parametrize(
    "statement",
    [
        "insert into fills (book) values ('x')",
        "update order_story set state = 'FILLED'",
        "delete from books",
        "truncate books",
        "select * from fills for update",
        "lock table fills in row exclusive mode",
        "create table analytics.mine (x int)",
        "create table public.mine (x int)",
        "create temporary table mine (x int)",
        "create view analytics.mine as select 1",
        "create schema mine",
        "create function analytics.f() returns int language sql as 'select 1'",
        "create role mine",
        "drop view analytics.fills",
        "alter view analytics.fills rename to f",
        "comment on view analytics.fills is 'x'",
        "copy fills to program 'id'",
        "copy fills to '/tmp/stolen'",
        "select pg_read_file('/etc/passwd')",
        "select pg_ls_dir('.')",
        "select lo_create(0)",
        "select lo_import('/etc/passwd')",
        "select pg_advisory_lock(7466924)",
        "select pg_try_advisory_xact_lock(7466922)",
        "select pg_logical_emit_message(false, 'a', 'b')",
        "select pg_switch_wal()",
        "select * from pg_authid",
        "select * from trading.orders",
        "select * from ops.books",
        "select * from ops.audit_events",
        "select * from market.candles",
        "select * from public.schema_version",
        "select trading.write('[]')",
        "select ops.pause_venue('v', 1, 1)",
        "call ops.admit_analyst()",
        "set session_replication_role = replica",
        "set log_statement = 'none'",
        "alter role analyst superuser",
        "do $$ begin perform trading.write('[]'); end $$",
    ],
)
def test_what_it_must_not_do_is_refused(analyst: psycopg.Connection[Any], statement: str) -> None:
    with pytest.raises(psycopg.Error) as refused, analyst.transaction():
        analyst.execute(statement.encode())
    assert refused.value.sqlstate in ("42501", "42809", "55000"), refused.value  # 55000: a view that takes no row


def test_it_cannot_become_the_owner(analyst: psycopg.Connection[Any], database: str) -> None:
    owner = psycopg.conninfo.conninfo_to_dict(database)["user"]
    for change in ("set role {}", "set session authorization {}"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            analyst.execute(sql.SQL(change).format(sql.Identifier(str(owner))))  # pyright: ignore[reportArgumentType]
    analyst.execute("reset role")
    row = analyst.execute("select current_user, session_user, count(*) from fills group by 1, 2").fetchone()
    assert row is None
    assert analyst.execute("select current_user, session_user").fetchone() == ("analyst", "analyst")


def test_its_sessions_are_read_only_bounded_and_find_the_views(database: str, tmp_path: Path) -> None:
    """What the role has of its own, whichever tool logs in."""
    with psycopg.connect(login(database, tmp_path)) as bare:
        told = {
            name: bare.execute("select current_setting(%s)", (name,)).fetchone()
            for name in ("statement_timeout", "search_path", "default_transaction_read_only", "TimeZone",
                         "idle_in_transaction_session_timeout", "lock_timeout")
        }  # fmt: skip
        assert told == {
            "statement_timeout": ("1min",), "search_path": ("analytics",), "default_transaction_read_only": ("on",),
            "TimeZone": ("UTC",), "idle_in_transaction_session_timeout": ("1min",), "lock_timeout": ("5s",),
        }  # fmt: skip
        assert bare.execute("select count(*) from fills").fetchone() == (0,)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            bare.execute("create table x (y int)")


def test_a_long_statement_ends(database: str, tmp_path: Path) -> None:
    with (
        analysts.connect(login(database, tmp_path), "300ms") as session,
        pytest.raises(Misconfigured, match="statement timeout"),
    ):
        answers.ask(session, "select pg_sleep(20)", None)


def test_a_view_of_a_later_migration_is_readable(analyst: psycopg.Connection[Any], database: str) -> None:
    with psycopg.connect(database) as owner:
        owner.execute("create view analytics.later as select 1 as one")
        owner.execute("create table ops.later (x int)")
    assert analyst.execute("select * from later").fetchone() == (1,)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        analyst.execute("select * from ops.later")


def test_another_database_of_the_local_server_is_closed(database: str, tmp_path: Path, postgres_url: str) -> None:
    url = login(database, tmp_path)
    with psycopg.connect(postgres_url, autocommit=True) as owner:
        owner.execute("alter role analyst nologin")
    with pytest.raises(Unavailable, match="TRADEWIND_ANALYST_URL"):
        analysts.connect(url)
    assert login(database, tmp_path) == url
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(url, dbname=psycopg.conninfo.conninfo_to_dict(postgres_url)["dbname"])


def test_who_may_do_more_is_no_analyst(database: str) -> None:
    with pytest.raises(Misconfigured, match="may do more than read analytics"):
        analysts.connect(database)


def test_a_user_who_may_not_make_roles_migrates_all_the_same(postgres_url: str, empty_database: str) -> None:
    """The role is there already here, so the procedure is asked without it: as on a server that has none."""
    owner, name = "tradewind_plain_owner", psycopg.conninfo.conninfo_to_dict(empty_database)["dbname"]
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(owner)))
        server.execute(sql.SQL("create role {} login password 'plain'").format(sql.Identifier(owner)))
        server.execute(
            sql.SQL("alter database {} owner to {}").format(sql.Identifier(str(name)), sql.Identifier(owner))
        )
    try:
        plain = psycopg.conninfo.make_conninfo(empty_database, user=owner, password="plain", passfile="")
        with psycopg.connect(plain) as connection:
            said: list[str] = []
            connection.add_notice_handler(lambda notice: said.append(notice.message_primary or ""))
            text = (
                procedure()
                .replace("'analyst'", "'nobody_yet'")
                .replace("create role analyst", "create role nobody_yet")
            )
            connection.execute("create schema ops; create schema analytics")
            connection.execute(text.encode())
            connection.execute("call ops.admit_analyst()")
            assert any("who may create roles" in one for one in said), said
    finally:
        with psycopg.connect(postgres_url, autocommit=True) as server:
            server.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(str(name))))
            server.execute(sql.SQL("drop role {}").format(sql.Identifier(owner)))


def procedure() -> str:
    import sql as stored

    text = stored.read("migrations/0019_analysts.sql")
    begin = text.index("create procedure ops.admit_analyst()")
    return text[begin : text.index("$$;", begin) + 3]


@pytest.fixture
def server_url(tmp_path: Path) -> Iterator[str]:
    """The URL of a server on which nobody has made the role yet."""
    tmp_path.chmod(0o755)
    server = LocalPostgres(tmp_path, durable=False)
    server.start()
    yield server.url()
    server.remove()


def test_databases_of_one_server_are_migrated_at_once(server_url: str) -> None:
    names = [f"test_abreast_{os.getpid()}_{number}" for number in range(3)]
    urls = [fresh_database(server_url, name) for name in names]
    waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = any(%s)"
    code = "import sys; from adapters.store.migrate import migrate; print(migrate(sys.argv[1]))"
    with (
        psycopg.connect(server_url, autocommit=True) as server,
        psycopg.connect(server_url) as quicker,
    ):
        quicker.execute("create role analyst nologin")
        started = [subprocess.Popen([sys.executable, "-c", code, url], stderr=subprocess.PIPE) for url in urls]
        deadline = time.monotonic() + 30
        while server.execute(waiting, (names,)).fetchone() != (len(names),) and time.monotonic() < deadline:
            time.sleep(0.05)
        quicker.commit()
        assert [(process.communicate()[1], process.returncode) for process in started] == [(b"", 0)] * len(urls)
        for url in urls:
            assert rights(url) == {name: {"SELECT"} for name in views(url)}
