"""The account under which the local PostgreSQL runs: our own, or an unprivileged one when we are root."""

import contextlib
import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from trading.errors import Misconfigured

_OWN = "tradewind"
_FALLBACKS = ("postgres", "nobody")


class Spawn(TypedDict):
    """The arguments of subprocess that choose the account of a child."""

    user: int | None
    group: int | None
    extra_groups: list[int] | None


@dataclass(frozen=True)
class Account:
    """A user and group id that processes can be started under and folders given to."""

    uid: int
    gid: int

    @property
    def spawn(self) -> Spawn:
        """Return the arguments of subprocess that change to this account; all None when it is ours."""
        if self.uid == os.geteuid():
            return {"user": None, "group": None, "extra_groups": None}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give `path`, which we made, to this account."""
        if self.uid != os.geteuid():
            os.chown(path, self.uid, self.gid)

    def can(self, flag: str, path: Path) -> bool:
        """Tell by trying whether the account passes `test FLAG path` (-x, -w); mode bits alone may lie."""
        try:
            return subprocess.run(["test", flag, str(path)], cwd="/", check=False, **self.spawn).returncode == 0
        except (OSError, subprocess.SubprocessError):
            return False


def account_for(data: Path) -> Account:
    """Return the account that must run the server on the folder `data`.

    Data that exist are run by their owner, so a change between root and a person keeps working; PostgreSQL refuses
    anything else. Misconfigured when the owner is somebody that we cannot become.
    """
    ours = Account(os.geteuid(), os.getegid())
    try:
        stat = data.stat()
    except FileNotFoundError:
        return ours if ours.uid != 0 else _unprivileged()
    except PermissionError:
        raise Misconfigured(f"{data} belongs to another user; run as that user or choose another --data-dir") from None
    if ours.uid not in (0, stat.st_uid):
        raise Misconfigured(f"{data} belongs to user id {stat.st_uid}; run as that user or choose another --data-dir")
    return Account(stat.st_uid, stat.st_gid)


def _unprivileged() -> Account:
    """Find the account `tradewind`, create it, or fall back to one that every system has."""
    if not _exists(_OWN):
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _OWN]
        # a minimal image has no useradd: the fallbacks remain
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            subprocess.run(command, check=False, capture_output=True, timeout=20)
    for name in (_OWN, *_FALLBACKS):
        if _exists(name):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid)
    raise Misconfigured("PostgreSQL does not run as root: create a system user `tradewind`, or do not run as root")


def _exists(name: str) -> bool:
    try:
        return pwd.getpwnam(name).pw_uid != 0
    except KeyError:
        return False
