"""What the main of a service does with signals, logs and errors."""

import json
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from services.process import exit_code
from trading.errors import BadData, Interrupted, Misconfigured, Unavailable

MAIN = """
import logging, structlog
from services.process import main
from trading.errors import *
def run(stop):
    {body}
main(run)
"""


def service(body: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", MAIN.format(body=body)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )


def test_exit_codes() -> None:
    errors = [Misconfigured("x"), Interrupted("x"), Unavailable("x"), BadData("x")]
    assert [exit_code(error) for error in errors] == [2, 130, 1, 1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_service_cleanly(number: signal.Signals) -> None:
    with service("print('up', flush=True); assert stop.wait(30)") as process:
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        process.send_signal(number)
        assert process.wait(20) == 0


def test_our_error_is_one_line_without_a_traceback() -> None:
    with service("raise Misconfigured('set TRADEWIND_X')") as process:
        _, said = process.communicate(timeout=20)
    assert process.returncode == 2
    (line,) = said.splitlines()
    record = json.loads(line)
    assert (record["error"], record["reason"], record["level"]) == ("Misconfigured", "set TRADEWIND_X", "error")
    assert datetime.fromisoformat(record["timestamp"]).utcoffset() == timedelta(0)


def test_an_unexpected_error_keeps_its_traceback_and_libraries_log_json() -> None:
    with service("logging.getLogger('lib').warning('slow'); logging.getLogger('lib').info('no'); 1 / 0") as process:
        _, said = process.communicate(timeout=20)
    assert process.returncode == 1
    library, crash = map(json.loads, said.splitlines())
    assert (library["event"], library["logger"], library["level"]) == ("slow", "lib", "warning")
    assert crash["exception"][0]["exc_type"] == "ZeroDivisionError"


def test_interruptible_raises_once_and_gives_the_handlers_back() -> None:
    body = (
        "import os, signal\n    from services.process import interruptible\n    old = signal.getsignal(15)\n    try:\n"
        "        with interruptible():\n            try:\n                os.kill(os.getpid(), 15)\n"
        "            finally:\n                os.kill(os.getpid(), 15); print('cleaned', flush=True)\n"
        "    finally:\n        assert signal.getsignal(15) is old"
    )
    with service(body) as process:
        out, _ = process.communicate(timeout=20)
    assert (out, process.returncode) == ("cleaned\n", 130)
