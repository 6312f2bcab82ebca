"""What the verbs about stored history share: which rows are meant, and times as people write them."""

from datetime import datetime
from typing import Annotated

import typer

from trading.errors import Misconfigured
from trading.moment import moment

CANDLES = "market.candles"

Table = Annotated[str, typer.Option(help="The table, such as market.candles or market.public_trades.")]
AVenue = Annotated[str | None, typer.Option("--venue", help="One venue (default: all).")]
ASymbol = Annotated[str | None, typer.Option("--symbol", help="One symbol, such as BTC/USDT (default: all).")]
ALength = Annotated[str | None, typer.Option("--timeframe", help="One timeframe, such as 1h (default: all).")]
Start = Annotated[str | None, typer.Option(help="From this time on, UTC, such as 2025-01-31 or 2025-01-31T12:00.")]
End = Annotated[str | None, typer.Option(help="Before this time.")]


def time_of(option: str, text: str | None) -> datetime | None:
    """Return the time that a person wrote, UTC where nothing else is said; Misconfigured names the option."""
    if text is None:
        return None
    try:
        return moment(text)
    except ValueError:
        raise Misconfigured(f"{option} {text!r} is no time; write it like 2025-01-31 or 2025-01-31T12:00:00Z") from None


def chosen(**columns: str | None) -> dict[str, str]:
    """Return the columns that a value was given for."""
    return {name: value for name, value in columns.items() if value is not None}
