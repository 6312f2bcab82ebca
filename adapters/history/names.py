"""What a name tells of a market: the name of a file, and the symbol as a venue writes it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.history.file_names import ALIASES, read_name
from trading.instrument import split_symbol
from trading.timeframe import Timeframe

_CONTRACTS = {"SWAP": "swap", "PERP": "perp", "PERPETUAL": "perp", "FUTURES": "futures"}
#: Kraken's old names of pairs: XXBTZUSD.
_KRAKEN_PAIR = re.compile(r"X([A-Z]{3})Z([A-Z]{3})")
_KRAKEN_FUTURE = re.compile(r"^(PF|PI|FI|FF)_", re.IGNORECASE)
#: Kraken's bulk files end their names with the length in minutes: XBTUSD_60.
_KRAKEN_MINUTES = re.compile(r"(.+)_(1|5|15|30|60|240|720|1440)")
_SUFFIX = re.compile(
    r"\.(csv|parquet|pq|feather|arrow|ipc|json|jsonl|data|db|sqlite|sqlite3|txt|zip|gz|tgz|tar)$", re.I
)


@dataclass(frozen=True)
class Label:
    """Who and what a table is about, as far as it is told; `span` is the time it says that it covers, half-open."""

    venue: str | None = None
    symbol: str | None = None
    timeframe: Timeframe | None = None
    variety: str | None = None
    span: tuple[datetime, datetime] | None = None


def label_of(symbol: str, quotes: tuple[str, ...]) -> Label:
    """Return the market that a venue calls `symbol`: BASE/QUOTE where it can be split, else the name in capitals."""
    text = symbol.strip()
    contract = _KRAKEN_FUTURE.match(text) is not None
    words = [word for word in re.split(r"[-_]", _KRAKEN_FUTURE.sub("", text)) if word]
    variety = _CONTRACTS.get(words[-1].upper()) if len(words) > 1 else None
    plain = "-".join(words[:-1] if variety else words)
    if legacy := _KRAKEN_PAIR.fullmatch(plain.upper()):
        plain = f"{legacy[1]}/{legacy[2]}"
    if ":" in plain and not plain.startswith(":"):
        plain, variety = plain.partition(":")[0], "perp"
    try:
        base, quote = split_symbol(plain, quotes)
    except ValueError:
        return Label(symbol=text.upper() or None, variety=variety)
    if not base or not quote or "-" in quote:
        return Label(symbol=text.upper(), variety=variety)
    return Label(symbol=f"{_known(base)}/{_known(quote)}", variety=variety or ("perp" if contract else None))


def label_of_file(path: Path, name: str, quotes: tuple[str, ...]) -> Label:
    """Return what the name of a file tells, else what the name of the archive it lies in does."""
    for candidate in dict.fromkeys((name, path.name)):
        stem = candidate
        while _SUFFIX.search(stem):
            stem = _SUFFIX.sub("", stem)
        minutes = _KRAKEN_MINUTES.fullmatch(stem)
        told = read_name(Path(minutes[1] if minutes else stem).name, quotes)
        if told.market is not None:
            symbol = "/".join(_known(part) for part in told.market)
            return Label(told.venue, symbol, Timeframe(int(minutes[2]) * 60) if minutes else told.timeframe)
    return Label()


def day(text: str) -> tuple[datetime, datetime] | None:
    """Return the day written as 20240131, half-open; None when it is none."""
    try:
        start = datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return start, start + timedelta(days=1)


def _known(currency: str) -> str:
    return ALIASES.get(currency, currency)
