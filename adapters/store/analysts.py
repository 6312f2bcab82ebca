"""The analyst's way into a database: a login of its own that reads the views of schema analytics and nothing else."""

import contextlib
import secrets
import time
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql

from adapters.store.database import first_line
from trading.errors import Misconfigured, TradewindError, Unavailable

ROLE = "analyst"
SETTING = "TRADEWIND_ANALYST_URL"
#: The role has the same as settings of its own; a login under another name that is its member has not.
OPTIONS = (
    "-c timezone=UTC -c search_path=analytics -c default_transaction_read_only=on -c lock_timeout=5s"
    " -c idle_in_transaction_session_timeout=60s -c statement_timeout={timeout}"
)
_STANDING = (
    "select r.rolsuper or r.rolcreaterole or r.rolcreatedb as powerful, exists (select from pg_namespace as n"
    " where n.nspname = 'analytics' and has_schema_privilege(n.oid, 'usage')) as reads, exists (select from"
    " pg_namespace as n where n.nspname in ('trading', 'ops') and has_schema_privilege(n.oid, 'usage')) as reads_more"
    " from pg_roles as r where r.rolname = current_user"
)
#: Another database of the server changes the same role at this moment.
_BUSY = "tuple concurrently updated"


def admit(owner_url: str, data_dir: Path) -> str:
    """Let the role log in to the local server, and there to our database alone; return its URL.

    `owner_url` is that of a superuser. The password lies in a 0600 file of `data_dir` which the URL names; it is made
    once.

    Raises:
        Unavailable: the server does not answer, or its schema is older than this program.
    """
    passfile = data_dir.resolve() / "analyst.password"
    parts = urlsplit(owner_url)
    netloc = f"{ROLE}@{parts.hostname}:{parts.port or 5432}"
    url = parts._replace(netloc=netloc, query=f"passfile={quote(str(passfile))}").geturl()
    password = _password(passfile)
    with contextlib.suppress(psycopg.OperationalError):
        psycopg.connect(url, connect_timeout=5).close()
        return url
    try:
        with psycopg.connect(owner_url, connect_timeout=5, autocommit=True) as connection:
            _let_in(connection, password)
    except psycopg.errors.UndefinedFunction:
        raise Unavailable("the schema is older than this program; `tradewind up` brings it up to date") from None
    except psycopg.OperationalError as error:
        raise Unavailable(f"database: {first_line(error)}") from error
    return url


def connect(url: str, statement_timeout: str = "60s") -> psycopg.Connection[tuple[object, ...]]:
    """Return a read-only session at `url`, in which the views of analytics need no schema; one transaction a statement.

    Raises:
        Misconfigured: whoever logs in there is no analyst: it may see less, or more.
        Unavailable: the server does not answer, or does not let us in.
    """
    options = OPTIONS.format(timeout=statement_timeout)
    try:
        connection = psycopg.connect(url, connect_timeout=5, autocommit=True, options=options)
    except psycopg.OperationalError as error:
        raise Unavailable(f"database ({SETTING}): {first_line(error)}") from error
    except psycopg.Error as error:
        raise Misconfigured(f"{SETTING}: {first_line(error)}") from error
    complaint = _complaint(connection)
    if complaint is not None:
        connection.close()
        raise complaint
    return connection


def _complaint(connection: psycopg.Connection[tuple[object, ...]]) -> TradewindError | None:
    """Return what is wrong with the session: it must be able to read the views, and nothing besides."""
    row = connection.execute(_STANDING).fetchone()
    powerful, reads, reads_more = row if row is not None else (True, False, False)
    user = connection.info.user
    if powerful or reads_more:
        return Misconfigured(f"{SETTING}: {user} may do more than read analytics; log in as {ROLE}")
    if not reads:
        return Misconfigured(
            f"{SETTING}: {user} may not read schema analytics; `call ops.admit_analyst()` as the owner of the database"
            f" lets {ROLE} in, and `tradewind up` brings an older schema up to date"
        )
    return None


def _let_in(connection: psycopg.Connection[tuple[object, ...]], password: str) -> None:
    """Give the role its password and its settings, and close the other databases to it, which are open to everybody."""
    verifier = connection.pgconn.encrypt_password(password.encode(), ROLE.encode(), b"scram-sha-256").decode()
    connection.execute("call ops.admit_analyst()")
    _alter(connection, sql.SQL("alter role {} login password {}").format(sql.Identifier(ROLE), sql.Literal(verifier)))
    others = connection.execute("select datname from pg_database where datname <> current_database()").fetchall()
    for (name,) in others:
        _alter(connection, sql.SQL("revoke all on database {} from public").format(sql.Identifier(str(name))))


def _alter(connection: psycopg.Connection[tuple[object, ...]], statement: sql.Composed, attempts: int = 20) -> None:
    """Execute a change of what all databases share, again when another process made one at the same time."""
    for left in reversed(range(attempts)):
        try:
            connection.execute(statement)
        except (psycopg.errors.InternalError_, psycopg.errors.InvalidCatalogName) as error:
            if isinstance(error, psycopg.errors.InvalidCatalogName):
                return  # dropped meanwhile
            if _BUSY not in str(error) or not left:
                raise
            time.sleep(0.05)
        else:
            return


def _password(passfile: Path) -> str:
    """Return the password that the file holds, made when there is none."""
    if not passfile.exists():
        part = passfile.with_name(f".{passfile.name}.{secrets.token_hex(4)}.part")
        part.touch(mode=0o600)
        part.write_text(f"*:*:*:{ROLE}:{secrets.token_urlsafe(32)}\n")
        with contextlib.suppress(FileExistsError):  # another process was first
            passfile.hardlink_to(part)
        part.unlink()
    password = passfile.read_text().strip().rpartition(":")[2]
    if not password:
        raise Misconfigured(f"{passfile} is damaged; remove it and ask again")
    return password
