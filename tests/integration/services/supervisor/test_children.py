"""Children of a supervisor: ended in every way that a parent can end, never mistaken for strangers."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from services.supervisor.child import Child
from services.supervisor.identity import Identity, identify
from services.supervisor.lock import exclusive
from services.supervisor.memory import MemorySampler, tree_bytes
from services.supervisor.registry import Registry
from services.supervisor.supervisor import RestartPolicy, Supervisor
from trading.errors import Misconfigured, Unavailable

SLEEP = "import time; print('up', flush=True); time.sleep(60)"
DEAF = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
PARENT = """
import sys, time
from pathlib import Path
from services.supervisor.child import Child
from services.supervisor.supervisor import Supervisor
folder = Path(sys.argv[1])
with Supervisor(folder) as supervisor:
    child = Child("nested", [sys.executable, "-c", sys.argv[2]], {}, folder / "nested.log")
    supervisor.start(child)
    child.wait_ready(lambda: "up" in (folder / "nested.log").read_text(), 20)
    print(child.identity.pid, flush=True)
    time.sleep(60)
"""


def python(tmp_path: Path, code: str, name: str = "child") -> Child:
    return Child(name, [sys.executable, "-c", code], {"TZ": "UTC"}, tmp_path / f"{name}.log")


def until(true: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    return true()


def says_up(child: Child) -> Callable[[], bool]:
    return lambda: "up" in child.log_file.read_text()


def gone(pid: int) -> bool:
    return identify(pid) is None


def test_environment_and_output_are_what_was_asked_for(tmp_path: Path) -> None:
    child = Child("env", ["/usr/bin/env"], {"ONLY": "this"}, tmp_path / "logs/env.log")
    child.start()
    assert until(lambda: not child.running)
    assert child.exit_code == 0
    assert child.log_file.read_text().splitlines() in (["ONLY=this"], ["ONLY=this", "LC_CTYPE=C.UTF-8"])  # PEP 538
    child.stop()


def test_stop_is_polite_first(tmp_path: Path) -> None:
    child = python(tmp_path, SLEEP)
    child.start()
    child.wait_ready(says_up(child), 20)
    child.stop(grace=10)
    assert child.exit_code == -signal.SIGTERM
    child.stop()


def test_a_child_hears_what_its_parent_ignores(tmp_path: Path) -> None:
    child, before = python(tmp_path, SLEEP), signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        child.start()
        child.wait_ready(says_up(child), 20)
        child.stop(grace=10)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert child.exit_code == -signal.SIGTERM


def test_stop_ends_the_deaf_the_frozen_and_the_grandchildren(tmp_path: Path) -> None:
    nested = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {DEAF!r}]); p.wait()"
    child = python(tmp_path, nested)
    child.start()
    child.wait_ready(says_up(child), 20)
    members = {process.pid for process in psutil.Process(child.identity.pid).children()} if child.identity else set()
    assert members
    psutil.Process(next(iter(members))).suspend()
    child.stop(grace=0.3)
    assert all(map(gone, members))


def test_readiness_by_file_and_failure_with_last_words(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    child = python(tmp_path, f"open({str(ready)!r}, 'w').close(); import time; time.sleep(60)")
    child.start()
    child.wait_ready(ready, 20)
    child.stop()
    broken = python(tmp_path, "raise SystemExit('the setting X is missing')", "broken")
    broken.start()
    begin = time.monotonic()
    with pytest.raises(Unavailable, match=r"(?s)broken ended with 1.*setting X is missing.*broken\.log"):
        broken.wait_ready(tmp_path / "never", 60)
    assert time.monotonic() - begin < 20
    broken.stop()
    slow = python(tmp_path, SLEEP, "slow")
    slow.start()
    with pytest.raises(Unavailable, match="slow is not ready"):
        slow.wait_ready(tmp_path / "never", 0.2)
    slow.stop()
    missing = Child("missing", ["/nonexistent/program"], {}, tmp_path / "missing.log")
    missing.start()
    with pytest.raises(Unavailable, match="No such file"):
        missing.wait_ready(tmp_path / "never", 20)
    missing.stop()


def test_only_the_main_thread_may_start(tmp_path: Path) -> None:
    raised: list[Exception] = []

    def start() -> None:
        try:
            python(tmp_path, SLEEP).start()
        except RuntimeError as error:
            raised.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert len(raised) == 1


def parent(tmp_path: Path, code: str) -> tuple["subprocess.Popen[str]", int]:
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path), code],
        stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[4],
    )  # fmt: skip
    assert process.stdout
    return process, int(process.stdout.readline())


def test_the_child_dies_with_a_killed_parent(tmp_path: Path) -> None:
    process, pid = parent(tmp_path, DEAF)
    with process:
        assert not gone(pid)
        process.kill()
    assert until(lambda: gone(pid))


def test_the_next_start_ends_what_was_left_behind_but_no_stranger(tmp_path: Path) -> None:
    with (
        subprocess.Popen(["sleep", "60"], start_new_session=True) as left,
        subprocess.Popen(["sleep", "60"], start_new_session=True) as stranger,
    ):
        who = identify(left.pid)
        assert who
        Registry(tmp_path).write([("left", who), ("recycled", Identity(stranger.pid, "another boot:1"))])
        with Supervisor(tmp_path):
            assert left.wait(10) == -signal.SIGTERM
            assert stranger.poll() is None
        stranger.kill()
    assert json.loads((tmp_path / "children.json").read_text()) == []


def test_restarts_with_pauses_up_to_the_limit(tmp_path: Path) -> None:
    told: list[str] = []
    policy = RestartPolicy(limit=2, pause=0.05)
    with Supervisor(tmp_path, policy) as supervisor:
        child = supervisor.start(python(tmp_path, "print('begun', flush=True); raise SystemExit(3)"))
        with pytest.raises(Unavailable, match="child ended 3 times"):
            supervisor.run(threading.Event(), told.append, interval=0.02)
        assert child.log_file.read_text().count("begun") == 3
    assert len(told) == 2
    assert "0.05 s" in told[0]
    assert "0.1 s" in told[1]


def test_run_ends_when_asked_and_check_sees_a_death(tmp_path: Path) -> None:
    stop = threading.Event()
    with Supervisor(tmp_path) as supervisor:
        child = supervisor.start(python(tmp_path, SLEEP))
        supervisor.check()
        assert [name for name, _ in Registry(tmp_path).read()] == ["child"]
        stop.set()
        supervisor.run(stop, print)
        assert child.running
        os.kill(child.identity.pid if child.identity else 0, signal.SIGKILL)
        assert until(lambda: not child.running)
        with pytest.raises(Unavailable, match="child ended with -9"):
            supervisor.check()
    assert Registry(tmp_path).read() == []


def test_the_lock_names_its_holder_and_is_given_back(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from services.supervisor.lock import exclusive\n"
        "with exclusive(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[4]
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        with (
            pytest.raises(Misconfigured, match=rf"another tradewind \(pid {holder.pid}\) uses .*--data-dir"),
            exclusive(tmp_path),
        ):
            pass
        holder.kill()
    with exclusive(tmp_path):
        pass
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured, match="cannot use"), exclusive(tmp_path / "file"):
        pass


def test_memory_of_the_tree_counts_children_and_named_roots(tmp_path: Path) -> None:
    eat = "x = bytearray(60_000_000); x[::4096] = b'1' * len(x[::4096]); " + SLEEP
    child = python(tmp_path, eat)
    with MemorySampler(interval=0.02) as sampler:
        before = sampler.peak_mib
        child.start()
        child.wait_ready(says_up(child), 20)
        assert until(lambda: sampler.peak_mib > before + 50)
    assert child.identity
    assert tree_bytes([child.identity.pid]) > 55_000_000
    child.stop()
    assert tree_bytes([child.identity.pid]) == 0
