"""Made files of history: the same three bars, written as others write them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from adapters.history.registry import read
from adapters.history.series import Series
from adapters.settings import Settings

QUOTES = Settings().quotes
START = datetime(2024, 3, 1, tzinfo=UTC)
BARS = [(100.0, 104.0, 99.0, 103.0, 7.5), (103.0, 103.5, 101.0, 102.0, 2.0), (102.0, 108.0, 101.5, 107.0, 4.25)]
SECONDS = [int(START.timestamp()) + 3600 * n for n in range(3)]


def lines(*rows: object) -> bytes:
    return "\n".join(row if isinstance(row, str) else ",".join(map(str, row)) for row in rows).encode()  # type: ignore[arg-type]


def rows(scale: int = 1000, order: str = "ohlcv", *more: object) -> list[list[Any]]:
    place = {"o": 0, "h": 1, "l": 2, "c": 3, "v": 4}
    return [
        [stamp * scale, *(bar[place[letter]] for letter in order), *more]
        for stamp, bar in zip(SECONDS, BARS, strict=True)
    ]


def series_of(folder: Path, name: str, content: bytes) -> list[Series]:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return read(path, QUOTES)[0]


def one(folder: Path, name: str, content: bytes) -> Series:
    (found,) = series_of(folder, name, content)
    return found


def assert_bars(found: Series) -> None:
    sorted_ = found.sample().rows.sort("ts")
    assert sorted_["ts"].to_list() == [START + timedelta(hours=n) for n in range(3)]
    assert sorted_.select("open", "high", "low", "close", "volume").rows() == BARS
    assert str(found.timeframe) == "1h"
