"""`tradewind sql`: what an analyst asks of the views of schema analytics, as a role that can read these and no more."""

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from adapters.settings import load
from cli.output import as_json, note
from cli.session.analyst import analyst_login
from cli.verb import DataDir, Json, verb
from trading.errors import Misconfigured

Statement = Annotated[
    str | None, typer.Argument(metavar="[STATEMENT]", help="One statement; without it what is piped in, or a prompt.")
]
MaxRows = Annotated[int, typer.Option(help="Show so many rows at most; 0 for all.", min=0)]
Timeout = Annotated[int, typer.Option(help="Seconds that a statement may take; 0 for no limit.", min=0, max=86_400)]
Dictionary = Annotated[bool, typer.Option("--dictionary", help="Print what each view and column is, as Markdown.")]


@verb
def sql(
    statement: Statement = None,
    max_rows: MaxRows = 1_000,
    timeout: Timeout = 60,
    dictionary: Dictionary = False,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Ask the views of schema analytics; read only, as the role `analyst`.

    Without a statement one is read from a pipe, and on a terminal a prompt
    opens. What there is to ask: --dictionary, docs/queries.md.
    """
    settings = load(data_dir=data_dir)
    asked = None if dictionary else _asked(statement)
    if asked is None and json_ and not dictionary:
        raise Misconfigured("--json needs a statement: give one, or pipe it in")
    with analyst_login(settings) as url:
        if dictionary:
            _print_dictionary(url, as_object=json_)
        elif asked is None:
            return _prompt(url, timeout, max_rows or None)
        else:
            _answer(url, asked, timeout, max_rows or None, as_object=json_)
    return 0


def _asked(statement: str | None) -> str | None:
    """Return the statement given, or what is piped in; None on a terminal."""
    if statement is None and sys.stdin.isatty():
        return None
    asked = sys.stdin.read() if statement is None else statement
    if not asked.strip():
        raise Misconfigured('there is no statement: give one, such as "select * from books", or pipe it in')
    return asked


def _answer(url: str, statement: str, timeout: int, max_rows: int | None, *, as_object: bool) -> None:
    from adapters.store import analysts, answers
    from cli.answer_table import show

    with analysts.connect(url, f"{timeout}s") as connection:
        answer = answers.ask(connection, statement, max_rows)
    if as_object:
        rows = [[answers.plain(value) for value in row] for row in answer.rows]
        as_json({"columns": answer.columns, "rows": rows, "cut": answer.cut})
    else:
        show(answer)
    if answer.cut:
        note(f"cut off after {len(answer.rows):,} rows: there are more; --max-rows 0 shows all")


def _print_dictionary(url: str, *, as_object: bool) -> None:
    from adapters.store import analysts, dictionary

    with analysts.connect(url) as connection:
        views = dictionary.read(connection)
    if as_object:
        as_json({"views": [asdict(view) for view in views]})
    else:
        sys.stdout.write(dictionary.markdown(views))


def _prompt(url: str, timeout: int, max_rows: int | None) -> int:
    from adapters.store import analysts
    from cli.session import prompt

    program = prompt.psql()
    if program is None:
        return prompt.talk(url, timeout, max_rows)
    # What is wrong with the login is said in our words.
    analysts.connect(url).close()
    return 1 if prompt.talk_with_psql(program, url, timeout) else 0
