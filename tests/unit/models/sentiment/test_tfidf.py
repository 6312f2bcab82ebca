"""The learned classifier: it learns what can be learned and nothing else, in the same bytes, and refuses the rest."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from models.sentiment import tfidf
from models.sentiment.text import CLASSES
from models.sentiment.words import matrix, vocabulary, words
from tests.fakes.random_panel import START
from tests.unit.models.sentiment.made_headlines import headlines
from trading.errors import BadData


def right(model: tfidf.Model, frame: pl.DataFrame) -> float:
    told = tfidf.predict(model, frame.rename({"label": "truth"}))
    return (told["label"] == told["truth"]).mean()  # pyright: ignore[reportReturnType]


def test_it_learns_what_is_there_and_nothing_from_shuffled_labels():
    made, fresh = headlines(600), headlines(300, seed=6)
    model = tfidf.fit(made, 1)
    assert right(model, fresh) > 0.95
    told = tfidf.predict(model, fresh)
    assert told["score"].is_between(-1, 1).all()
    assert told.filter(pl.col("label") == "positive")["score"].min() > 0  # pyright: ignore[reportOperatorIssue, reportOptionalOperand]
    shuffled = made.with_columns(pl.col("label").shuffle(seed=3))
    assert right(tfidf.fit(shuffled, 1), fresh) < 0.45


def test_the_same_fit_is_the_same_text_whatever_the_order_of_rows():
    made = headlines(400)
    first = tfidf.fit(made, 1)
    assert tfidf.fit(made.sample(fraction=1, shuffle=True, seed=2), 1) == first
    assert tfidf.fit(made.head(390), 1).model_id != first.model_id
    assert first.scores["rows_trained"] == 400
    assert (first.trained_from, first.trained_to) == (START, START + timedelta(hours=6 * 399))


def test_repeated_empty_and_unlabelled_texts_are_left_out_and_counted():
    made = headlines(400)
    odd = pl.concat([made, made.head(50), made.head(3).with_columns(text=pl.lit("!?"), label=pl.lit("neutral"))])
    odd = pl.concat([odd, made.head(1).with_columns(text=pl.lit("never labelled"), label=pl.lit(None, pl.String))])
    model = tfidf.fit(odd, 1)
    assert model.scores["rows_dropped"] == 54
    assert model.artefact == tfidf.fit(made, 1).artefact


def test_a_text_of_unknown_words_has_no_evidence_but_an_answer():
    told = tfidf.predict(tfidf.fit(headlines(400), 1), pl.DataFrame({"text": ["qqq", "", None]}))
    assert told["score"].is_between(-0.5, 0.5).all()
    assert told["score"].n_unique() == 1


def test_bad_input_is_named():
    made = headlines(400)
    model = tfidf.fit(made, 1)
    with pytest.raises(BadData, match="299 complete labelled texts of 299; 300 are needed"):
        tfidf.fit(made.head(299), 1)
    with pytest.raises(BadData, match="no text is labelled positive"):
        tfidf.fit(headlines(900).filter(pl.col("label") != "positive"), 1)
    with pytest.raises(BadData, match="column label holds bullish"):
        tfidf.fit(made.with_columns(label=pl.lit("bullish")), 1)
    for column in ("ts", "text", "label"):
        with pytest.raises(BadData, match=f"column {column} is missing"):
            tfidf.fit(made.drop(column), 1)
    with pytest.raises(BadData, match="unknown parameter depth"):
        tfidf.fit(made, 1, {"depth": 3})
    with pytest.raises(BadData, match="no word is in 9999 texts"):
        tfidf.fit(made, 1, {"least": 9999})
    with pytest.raises(BadData, match="is damaged"):
        tfidf.predict(replace(model, artefact=model.artefact.replace("0.", "1.", 1)), made)
    with pytest.raises(BadData, match="not a tfidf_sentiment"):
        tfidf.predict(replace(model, kind="vader_sentiment"), made)


def test_words_pairs_and_numbers():
    assert words("BTC's up 12.5%, ETH isn\u2019t") == [
        *("btc's", "up", "#", "eth", "isn't"),
        *("btc's up", "up #", "# eth", "eth isn't"),
    ]
    rarity = vocabulary(["a b", "a c", "a"], least=1, most=3)
    assert list(rarity) == sorted(rarity)
    assert "a" in rarity
    x = matrix(["a a b", "zzz"], {"a": 1.0, "b": 2.0}).toarray()
    expected = np.array([1 + np.log(2), 2.0])
    assert x[0] == pytest.approx(expected / np.linalg.norm(expected))
    assert (x[1] == 0).all()
    assert len(CLASSES) == 3
