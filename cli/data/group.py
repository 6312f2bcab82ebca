"""The verbs of `tradewind data` and what they share: the files, read one after another, and what was refused."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from adapters.history.registry import expand, read
from adapters.history.series import Series
from cli.output import progress
from cli.verb import app
from trading.errors import Misconfigured
from trading.timeframe import Timeframe

group = typer.Typer(
    help="Market data: what files and the database hold, what is missing, history in and out.", no_args_is_help=True
)
app.add_typer(group, name="data")

Paths = Annotated[
    list[Path], typer.Argument(metavar="PATH...", help="Files or folders: candles, trades, funding rates.")
]
Venue = Annotated[str | None, typer.Option(help="The venue of files that do not name one.")]
Symbol = Annotated[str | None, typer.Option(help="The symbol of files that do not name one, such as BTC/USDT.")]
Length = Annotated[str | None, typer.Option("--timeframe", help="The timeframe of files that do not tell, such as 1h.")]


class Reading:
    """Files read one after another; what could not be read is kept in `refused`, with the reason."""

    def __init__(self, paths: list[Path], quotes: tuple[str, ...]) -> None:
        self._files = expand(paths)
        self._quotes = quotes
        self.refused: list[dict[str, str]] = []

    def series(
        self, venue: str | None = None, symbol: str | None = None, length: str | None = None
    ) -> Iterator[Series]:
        """Yield all series of the files, completed by what the caller knows of them.

        Raises:
            Misconfigured: not one file could be read; the message is that of the first.
        """
        timeframe = Timeframe.parse(length) if length else None
        read_one = False
        with progress() as told:
            for number, file in enumerate(self._files):
                told("files", number, len(self._files))
                try:
                    found, skipped = read(file, self._quotes)
                except Misconfigured as error:
                    self.refused.append({"file": str(file), "message": str(error)})
                    continue
                self.refused += [{"file": str(file), "message": message} for message in skipped]
                read_one = True
                for part in found:
                    own = part.timeframe or (timeframe if part.kind != "trades" else None)
                    yield replace(part, venue=part.venue or venue, symbol=part.symbol or symbol, timeframe=own)
            told("files", len(self._files), len(self._files))
        if not read_one:
            more = f" ({len(self.refused) - 1} more like it)" if len(self.refused) > 1 else ""
            raise Misconfigured(self.refused[0]["message"] + more)
