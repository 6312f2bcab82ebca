"""Becomes another program that the kernel ends together with our parent: launch.py PARENT SIGNAL PROGRAM ARGUMENTS."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def _launch(parent: int, number: int, command: list[str]) -> None:
    """Ask for `number` at the death of `parent`, then become `command`; the request survives the change of program."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            sys.exit("the parent ended before its child began")
    for heard in (signal.SIGINT, signal.SIGTERM):
        # Who is started in the background by a script ignores SIGINT, and so would all that it starts.
        signal.signal(heard, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)  # noqa: S606 - a list, no shell
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    _launch(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
