"""Sentiment by VADER (Hutto and Gilbert 2014) with a lexicon of the trade: a rule, nothing is learned.

VADER alone hears nothing bad in "Bitcoin crashes after exchange hack": neither word is in its lexicon.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import polars as pl

from models.model import Model, build, verify
from models.sentiment.crypto_lexicon import PHRASES, WORDS
from models.sentiment.text import judged, texts
from trading.errors import BadData

KIND = "vader_sentiment"

#: Beyond this a text is positive or negative: the limit that VADER's authors name.
NEUTRAL = 0.05

#: What is asked is not told: a sentence that ends in a question mark is passed over.
_SENTENCE_ENDS = re.compile(r"(?<=[.!?])\s+")
_NUMBER = re.compile(r"\$?\d[\d.,]*\s?")


def rule(
    made_at: datetime, *, words: Mapping[str, float] | None = None, phrases: Mapping[str, float] | None = None
) -> Model:
    """Return the rule as a model; `words` and `phrases` (weights -4..4) are ours unless others are given.

    Without both it is bare VADER. `made_at` stands where a trained model says when its data begin and end.

    Raises:
        BadData: a weight lies outside -4..4.

    """
    told = {"words": dict(WORDS if words is None else words), "phrases": dict(PHRASES if phrases is None else phrases)}
    wrong = [name for table in told.values() for name, weight in table.items() if not -4 <= weight <= 4]
    if wrong:
        raise BadData(f"{KIND}: the weight of {', '.join(wrong)} lies outside -4..4")
    artefact = json.dumps({**told, "lexicon": _lexicon_hash()}, sort_keys=True, separators=(",", ":"))
    return build(
        kind=KIND,
        features=("text",),
        params={"neutral": NEUTRAL, "questions": not told["words"]},
        seed=0,
        trained_from=made_at,
        trained_to=made_at,
        data_hash=hashlib.sha256(artefact.encode()).hexdigest(),
        scores={},
        artefact=artefact,
    )


def predict(model: Model, frame: pl.DataFrame) -> pl.DataFrame:
    """Return `frame` (text) with score, VADER's compound in -1..1, and label.

    Raises:
        BadData: the model is damaged, of another kind or rests on another release of VADER; the column is missing.

    """
    verify(model, KIND)
    score = _scorer(model.artefact, questions=bool(model.params["questions"]))
    scores = [score(text) for text in texts(frame, KIND)]
    limit = float(model.params["neutral"])
    labels = ["positive" if told >= limit else "negative" if told <= -limit else "neutral" for told in scores]
    return judged(frame, scores, labels)


@lru_cache(maxsize=4)
def _scorer(artefact: str, *, questions: bool) -> Callable[[str], float]:
    told: dict[str, Any] = json.loads(artefact)
    if told["lexicon"] != _lexicon_hash():
        raise BadData(f"{KIND}: the model was made on another lexicon of VADER than the one installed")
    analyser, lexicon = _analyser()
    ours = {**lexicon, **told["words"], **{_joined(phrase): weight for phrase, weight in told["phrases"].items()}}
    analyser.lexicon = {word: weight for word, weight in ours.items() if weight}
    known: dict[str, float] = told["phrases"]
    search = _search(known)

    def score(text: str) -> float:
        told = text if questions else _asserted(text)
        said = search.sub(lambda found: _name(found.group(), known), told) if search else told
        return float(analyser.polarity_scores(said)["compound"])

    return score


def _asserted(text: str) -> str:
    return " ".join(one for one in _SENTENCE_ENDS.split(text) if not one.rstrip().endswith("?"))


def _name(found: str, known: Mapping[str, float]) -> str:
    """Return the one word for what was found of a phrase, its spaces or numbers as they may be."""
    plain = " ".join(found.casefold().split())
    return _joined(plain if plain in known else _NUMBER.sub("*", plain))


def _search(phrases: Mapping[str, float]) -> re.Pattern[str] | None:
    # The longest first: the end of a bear market is no bear market.
    known = sorted(phrases, key=lambda phrase: (-len(phrase), phrase))
    patterns = [re.escape(phrase).replace(r"\*", _NUMBER.pattern).replace(r"\ ", r"\s+") for phrase in known]
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)", re.IGNORECASE) if patterns else None


def _joined(phrase: str) -> str:
    """Return a phrase as one word, which VADER neither splits nor knows."""
    return re.sub(r"\W+", "_", phrase.casefold().replace("*", "n").replace("%", "percent")).strip("_")


@lru_cache(maxsize=1)
def _lexicon_hash() -> str:
    lexicon = _analyser()[1]
    return hashlib.sha256(json.dumps(lexicon, sort_keys=True).encode()).hexdigest()


def _analyser() -> tuple[Any, dict[str, float]]:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyser = SentimentIntensityAnalyzer()
    return analyser, dict(analyser.lexicon)
