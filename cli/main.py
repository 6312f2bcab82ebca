"""`tradewind`: one module is one verb; importing it adds the verb to the program."""

import os
import sys

import click

from cli import doctor, run, show_config, status, up
from cli.verb import app, explain
from trading.errors import Interrupted, Misconfigured

#: In the order of the help text.
VERBS = (run, up, status, show_config, doctor)


def main() -> None:
    """Enter `tradewind`, and exit with 0 done, 1 failed, 2 wrong input, 130 interrupted."""
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    as_object = "--json" in sys.argv
    try:
        code = app(prog_name="tradewind", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        code = error.exit_code
    except click.ClickException as error:
        verb = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "tradewind"
        code = explain(Misconfigured(f"{error.format_message().rstrip('.')}; see `{verb} --help`"), as_object=as_object)
    except click.Abort:
        code = explain(Interrupted("interrupted"), as_object=as_object)
    sys.exit(code)


if __name__ == "__main__":
    main()
