"""The program `tradewind` with all its verbs: one module is one verb; importing it adds the verb."""

import click

from cli import (
    audit,
    backtest,
    cases,
    compare,
    dlq,
    doctor,
    dump,
    halt,
    indicators,
    limits,
    montecarlo,
    note,
    passport,
    replay,
    report,
    restrict,
    resume,
    run,
    screen,
    sentiment,
    show_config,
    sql,
    status,
    strategies,
    tax,
    trace,
    tune,
    up,
    venues,
    verify,
)
from cli import export as export_views
from cli.data import archive, as_of, backfill, coverage, export, gaps, holds, import_
from cli.models import card, list_, promote
from cli.models import explain as explain_forecast
from cli.models import report as models_report
from cli.models import tune as models_tune
from cli.verb import app, explain
from trading.errors import Misconfigured

__all__ = ["VERBS", "app", "enter"]

#: In the order of the help text.
VERBS = (
    *(run, backtest, compare, tune, montecarlo, up, status, halt, resume, limits, dlq, audit, verify, tax, replay),
    *(passport, trace, note, report),
    *(screen, restrict, cases),
    *(sql, export_views, dump),
    *(coverage, gaps, import_, backfill, as_of, export, archive, holds),
    *(models_report, list_, card, promote, models_tune, explain_forecast),
    *(venues, strategies, indicators, sentiment, show_config, doctor),
)


def enter(arguments: list[str]) -> int:
    """Do what the command line says and return the exit code; a wrong option is one line too."""
    as_object = "--json" in arguments
    try:
        return app(arguments, prog_name="tradewind", standalone_mode=False) or 0
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        verb = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "tradewind"
        said = error.format_message().rstrip(".")
        return explain(Misconfigured(f"{said}; see `{verb} --help`"), as_object=as_object)
