"""`tradewind`: one module is one verb; importing it adds the verb to the program."""

import os
import sys

from cli import doctor, run, show_config, status, up
from cli.verb import app

#: In the order of the help text.
VERBS = (run, up, status, show_config, doctor)


def main() -> None:
    """Enter `tradewind`."""
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    app()


if __name__ == "__main__":
    sys.exit(main())
