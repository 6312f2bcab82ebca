"""A real Apache Kafka broker on this machine: jars from Maven Central, one KRaft node on free loopback ports."""

import base64
import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event

from services.process import exit_code, stop_event
from services.supervisor.child import Child
from services.supervisor.lock import exclusive
from services.supervisor.supervisor import RestartPolicy, Supervisor
from trading.errors import Misconfigured, TradewindError, Unavailable

_DEPLOY = Path(__file__).parents[2] / "deploy/kafka"
_READY = "Kafka Server started"


def serve(data_dir: Path) -> None:
    """Run the broker of `data_dir`/kafka in the foreground until SIGINT or SIGTERM; print its address when it is ready.

    The address also lies in `data_dir`/kafka/bootstrap while the broker runs. Misconfigured without Java or Maven.
    """
    folder = (data_dir / "kafka").resolve()
    stop = stop_event()
    address = folder / "bootstrap"
    with exclusive(folder):
        try:
            with running(folder, stop) as (supervisor, bootstrap):
                if not stop.is_set():
                    address.write_text(bootstrap)
                    print(f"Apache Kafka is ready at {bootstrap} (Ctrl-C stops it)", flush=True)
                supervisor.run(stop, print)
        finally:
            address.unlink(missing_ok=True)


@contextlib.contextmanager
def running(folder: Path, stop: Event | None = None) -> Iterator[tuple[Supervisor, str]]:
    """Yield the supervisor and the address of the broker of `folder`, which is ready unless `stop` was set before."""
    with Supervisor(folder, RestartPolicy(limit=0)) as supervisor:
        child, bootstrap = broker(folder)
        supervisor.start(child)

        def ready() -> bool:
            return (stop is not None and stop.is_set()) or _READY in child.log_file.read_text(errors="replace")

        child.wait_ready(ready, timeout=120)
        yield supervisor, bootstrap


def broker(folder: Path) -> tuple[Child, str]:
    """Return the broker of `folder`, ready to be started, and its bootstrap address; its messages survive restarts."""
    java = _program("java", "a JDK 17 (Debian: openjdk-17-jre-headless)")
    jars = _jars(folder)
    client, controller = _free_ports(2)
    bootstrap = f"127.0.0.1:{client}"
    properties = folder / "server.properties"
    properties.write_text(
        (_DEPLOY / "server.properties").read_text()
        + f"listeners=PLAINTEXT://{bootstrap},CONTROLLER://127.0.0.1:{controller}\n"
        + f"advertised.listeners=PLAINTEXT://{bootstrap}\n"
        + f"controller.quorum.voters=1@127.0.0.1:{controller}\n"
        + f"log.dirs={folder / 'messages'}\n"
    )
    # One small node beside everything else: better started soon and frugal than the fastest there is.
    frugal = ["-Xms128m", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
    command = [java, *frugal, f"-Dlog4j2.configurationFile={_DEPLOY / 'log4j2.properties'}"]
    command += ["-cp", f"{jars}/*"]
    if not (folder / "messages/meta.properties").exists():
        _format([*command, "kafka.tools.StorageTool", "format"], properties)
    log = folder / "kafka.log"
    log.unlink(missing_ok=True)
    # SIGTERM: a broker that may say goodbye starts faster the next time
    return Child("kafka", [*command, "kafka.Kafka", str(properties)], os.environ, log, signal.SIGTERM), bootstrap


def _jars(folder: Path) -> Path:
    """Return the folder of the jars, resolved anew when the pom has changed; complete or not at all."""
    jars, pom = folder / "lib", _DEPLOY / "pom.xml"
    if (jars / "pom.xml").exists() and (jars / "pom.xml").read_text() == pom.read_text():
        return jars
    maven = _program("mvn", "Maven (Debian: maven)")
    part = folder / "lib.part"
    shutil.rmtree(part, ignore_errors=True)
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={part}"]
    done = subprocess.run([maven, "-B", "-q", "-f", str(pom), *goal], check=False, capture_output=True, text=True)
    if done.returncode or not part.exists():
        said = "\n".join((done.stdout + done.stderr).splitlines()[-5:])
        raise Unavailable(f"Maven could not fetch Apache Kafka; is Maven Central reachable?\n{said}")
    shutil.copy(pom, part / "pom.xml")
    shutil.rmtree(jars, ignore_errors=True)
    part.rename(jars)
    return jars


def _format(command: list[str], properties: Path) -> None:
    """Give the message folder its cluster id."""
    cluster = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
    done = subprocess.run(
        [*command, f"--cluster-id={cluster}", "--config", str(properties), "--ignore-formatted"],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise Unavailable(f"Apache Kafka cannot use {properties.parent}: {(done.stdout + done.stderr).strip()[-500:]}")


def _program(name: str, what: str) -> str:
    found = shutil.which(name)
    if not found:
        raise Misconfigured(f"Apache Kafka needs {what}: `{name}` is not on the PATH")
    return found


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


if __name__ == "__main__":
    try:
        serve(Path(sys.argv[1] if len(sys.argv) > 1 else ".tradewind"))
    except TradewindError as problem:
        print(problem, file=sys.stderr)
        sys.exit(exit_code(problem))
