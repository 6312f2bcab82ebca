"""What every model of sentiment is given and answers: bounded text in, a score -1..1 and its class out."""

import hashlib
from collections.abc import Sequence

import polars as pl

from models.model import need_columns
from trading.errors import BadData

CLASSES = ("negative", "neutral", "positive")

#: What is read of a text, in characters: news is told in its first sentences, and a flood must not take our time.
LONGEST = 1_000


def whole(title: str, summary: str) -> str:
    """Return the text of an article that is judged: its headline, then its teaser, cut at LONGEST characters."""
    first, rest = title.strip(), summary.strip()
    stop = "" if not rest or first.endswith((".", "!", "?")) else "."
    return f"{first}{stop} {rest}".strip()[:LONGEST]


def text_hash(text: str) -> str:
    """Return the hex SHA-256 of a text: the same words have the same sentiment and count once."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def texts(frame: pl.DataFrame, use: str) -> list[str]:
    """Return the column text of `frame`, cut at LONGEST characters, null as "".

    Raises:
        BadData: the column is missing or holds no text.

    """
    if "text" not in frame.columns:
        need_columns(frame, ("text",), use)
    if frame.schema["text"] not in (pl.String, pl.Null):
        raise BadData(f"{use}: column text holds {frame.schema['text']}, not text")
    return frame["text"].cast(pl.String).fill_null("").str.slice(0, LONGEST).to_list()


def judged(frame: pl.DataFrame, scores: Sequence[float], labels: Sequence[str]) -> pl.DataFrame:
    """Return `frame` with score (-1 bad .. 1 good) and label (CLASSES)."""
    return frame.with_columns(score=pl.Series(scores, dtype=pl.Float64), label=pl.Series(labels, dtype=pl.String))
