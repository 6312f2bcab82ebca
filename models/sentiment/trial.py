"""The trial of the models of sentiment: learned on earlier months, scored on later ones and on what people labelled."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from models.model import Model, build
from models.sentiment import tfidf, vader
from models.sentiment.scores import scorecard
from models.sentiment.text import CLASSES, whole
from trading.candle import TS
from trading.errors import BadData

#: Calendar months at the end of the file that are scored.
MONTHS = 3

#: Guessing the class that was most frequent in the months before.
GUESS = "most_frequent"
BARE, OURS, LEARNED = "bare_vader", "vader_lexicon", "tfidf"


@dataclass(frozen=True)
class Trial:
    """What was learned, the scores of each contender by its name, and the class that was most frequent before."""

    learned: Model
    guess: str
    trained_from: datetime
    trained_to: datetime
    scored_from: datetime
    scored_to: datetime
    scores: dict[str, dict[str, float]]


def texts_of(headlines: pl.DataFrame) -> pl.DataFrame:
    """Return ts, text, label and part of `headlines`: title and summary become the text that models are given."""
    pairs = headlines.select("title", "summary").iter_rows()
    said = pl.Series([whole(title, summary) for title, summary in pairs], dtype=pl.String)
    return headlines.select("ts", "label", "part", text=said)


def trial(frame: pl.DataFrame, seed: int, months: int = MONTHS) -> Trial:
    """Return the trial of `frame` (ts, text, label of CLASSES): the last `months` calendar months are scored.

    A text of the earlier months that comes again later is not scored.

    Raises:
        BadData: a column is missing, too few rows are complete, or no month lies before those that are scored.

    """
    rows = tfidf.training_rows(frame).with_columns(pl.col("ts").cast(TS))
    since = _begins(rows["ts"].to_list()[-1], months)
    before, after = rows.filter(pl.col("ts") < since), rows.filter(pl.col("ts") >= since)
    if before.is_empty():
        raise BadData(f"headlines: none is older than {since:%Y-%m}, where the {months} months that are scored begin")
    learned, guess = tfidf.fit(before, seed), _most_frequent(before)
    return Trial(
        learned,
        guess,
        before["ts"].to_list()[0],
        before["ts"].to_list()[-1],
        after["ts"].to_list()[0],
        after["ts"].to_list()[-1],
        contest(after, learned, seed, guess),
    )


def contest(frame: pl.DataFrame, learned: Model, seed: int, guess: str) -> dict[str, dict[str, float]]:
    """Return the scores of every contender on `frame` (text, label, ts): each row a day of its own without ts."""
    rows = frame if "ts" in frame.columns else frame.with_columns(ts=_days_apart(frame.height))
    said, truth = rows.select("text"), rows["label"].to_list()
    days = rows["ts"].dt.date().to_list()
    made = datetime(1970, 1, 1, tzinfo=UTC)
    told = {
        GUESS: [guess] * rows.height,
        BARE: vader.predict(vader.rule(made, words={}, phrases={}), said)["label"].to_list(),
        OURS: vader.predict(vader.rule(made), said)["label"].to_list(),
        LEARNED: tfidf.predict(learned, said)["label"].to_list(),
    }
    return {name: scorecard(labels, truth, days, seed) for name, labels in told.items()}


def learned(frame: pl.DataFrame, seed: int) -> Model:
    """Return the classifier of all rows of `frame`, with the scores that its like had on the last months of them."""
    held, model = trial(frame, seed), tfidf.fit(frame, seed)
    scores = {
        f"{name}_{score}": held.scores[contender][score]
        for name, contender in (("learned", LEARNED), ("lexicon", OURS), ("bare", BARE), ("guess", GUESS))
        for score in ("accuracy", "accuracy_low", "accuracy_high", "macro_f1")
    }
    values = {each.name: getattr(model, each.name) for each in fields(model) if each.name != "model_id"}
    return build(**{**values, "scores": {**model.scores, **scores}})


def document(held: Trial, by_hand: dict[str, dict[str, dict[str, float]]]) -> dict[str, Any]:
    """Return the plain document of a trial; `by_hand` are the contests on parts of a file labelled by hand."""
    return {
        "model_id": held.learned.model_id,
        "trained_from": held.trained_from.isoformat(),
        "trained_to": held.trained_to.isoformat(),
        "scored_from": held.scored_from.isoformat(),
        "scored_to": held.scored_to.isoformat(),
        "rows_trained": int(held.learned.scores["rows_trained"]),
        "classes": list(CLASSES),
        "later_months": held.scores,
        "by_hand": by_hand,
    }


def _begins(last: datetime, months: int) -> datetime:
    """Return the first day of the month that lies `months` - 1 before that of `last`."""
    if months < 1:
        raise BadData(f"months: {months} is no number of months to score; 1 is the least")
    years, month = divmod(last.year * 12 + last.month - months, 12)
    return datetime(years, month + 1, 1, tzinfo=UTC)


def _most_frequent(rows: pl.DataFrame) -> str:
    return rows.group_by("label").len().sort("len", "label", descending=[True, False]).item(0, "label")


def _days_apart(count: int) -> pl.Series:
    start = datetime(1970, 1, 1, tzinfo=UTC)
    return pl.Series([start + timedelta(days=row) for row in range(count)], dtype=TS)
