"""The secrets of a data folder: one random master key in a private file, everything else derived from it by name."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from trading.errors import Misconfigured


class LocalSecrets:
    """Keys for the parts that run on this machine; the same folder gives the same keys at every start."""

    def __init__(self, data_dir: Path) -> None:
        self._master = _master(data_dir / "master.key")

    def derive(self, *names: str) -> str:
        """Return the 64-character key for `names`, such as ("venue", book, "secret")."""
        return hmac.new(self._master, "|".join(names).encode(), hashlib.sha256).hexdigest()


def _master(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_bytes()
        if len(key) < 32:
            raise Misconfigured(
                f"{path} is damaged; remove the data folder it lies in, or choose another --data-dir"
            ) from None
        return key
    key = secrets.token_hex(32).encode()
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key
