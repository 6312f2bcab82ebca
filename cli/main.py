"""`tradewind`: the way in. All else is imported inside, where an interruption is one line from the first moment on."""

import json
import os
import signal
import sys
from types import FrameType


def main() -> None:
    """Enter `tradewind`, and exit with 0 done, 1 failed, 2 wrong input, 130 interrupted."""
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    # For the time before a verb, which has handlers of its own.
    signal.signal(signal.SIGINT, _leave)
    from cli.program import enter

    code = enter(sys.argv[1:])
    # All is done and said: the exit code holds.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)


def _leave(_number: int, _frame: FrameType | None) -> None:
    """End at once: nothing was begun that needs an end, and an exception may be lost in an import."""
    message = "interrupted; the same command goes on where it stopped"
    if "--json" in sys.argv:
        sys.stdout.write(json.dumps({"error": "Interrupted", "message": message, "exit_code": 130}) + "\n")
        sys.stdout.flush()
    sys.stderr.write(f"tradewind: {message}\n")
    sys.stderr.flush()
    os._exit(130)


if __name__ == "__main__":
    main()
