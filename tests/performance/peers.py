"""Environments of peers, made on demand: each from its pinned list, apart from ours, for their licences differ."""

import hashlib
import subprocess
import sys
from pathlib import Path

HOME = Path(".tradewind/peers")


class Missing(Exception):
    """An environment that could not be made; says why."""


def python_of(peers: str) -> Path:
    """Return the Python in which the packages of `peers_<peers>.txt` beside this file are installed.

    A changed list is another environment; a half-made one is made again.
    """
    pins = Path(__file__).with_name(f"peers_{peers}.txt")
    version = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()[:8]
    folder = (HOME / f"{peers}-{version}").absolute()
    python, stamp = folder / "bin" / "python", folder / "installed"
    if not stamp.exists():
        _call(sys.executable, "-m", "venv", "--clear", str(folder))
        _call(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(pins))
        stamp.touch()
    return python


def _call(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise Missing(f"{' '.join(command[1:4])} ended with {done.returncode}: {''.join(last)}")
