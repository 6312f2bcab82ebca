"""VADER with our lexicon: it hears what the trade says, and is never moved by what a text asks or commands."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.model import Model, build
from models.sentiment import vader
from models.sentiment.crypto_lexicon import PHRASES, WORDS
from models.sentiment.text import LONGEST
from tests.fakes.random_panel import START
from trading.errors import BadData

HAND = Path(__file__).with_name("hand_labelled.csv")
OURS, BARE = vader.rule(START), vader.rule(START, words={}, phrases={})


def score(text: str, model: Model = OURS) -> float:
    return vader.predict(model, pl.DataFrame({"text": [text]})).item(0, "score")


def label(text: str) -> str:
    return vader.predict(OURS, pl.DataFrame({"text": [text]})).item(0, "label")


def test_what_vader_alone_does_not_hear():
    for text in ("Bitcoin crashes after exchange hack", "ETH rallies to record high"):
        assert score(text, BARE) == 0.0
    assert score("Bitcoin crashes after exchange hack") < -0.7
    assert score("ETH rallies to record high") > 0.7


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Stablecoin loses its peg", "negative"),
        ("Stablecoin regains its peg", "positive"),
        ("Rug Pull drains farm", "negative"),
        ("ether down 3.5% today", "negative"),
        ("ether up 12 % today", "positive"),
        ("Lender files for Chapter  11", "negative"),
        ("The bear market is over", "positive"),
        ("The bear market deepens", "negative"),
        ("Will Bitcoin crash again?", "neutral"),
        ("Will it crash again? Bitcoin soars to $1.5 trillion", "positive"),
        ("Firm sells shares of its trust", "neutral"),
        ("Exchange was not hacked", "positive"),
        ("", "neutral"),
        ("   ", "neutral"),
    ],
)
def test_phrases_numbers_questions_and_words_taken_out(text: str, told: str):
    assert label(text) == told


def test_weights_lie_on_vaders_scale_and_forms_are_small_letters():
    assert all(-4 <= weight <= 4 for weight in (*WORDS.values(), *PHRASES.values()))
    assert all(word == word.casefold() for word in (*WORDS, *PHRASES))
    with pytest.raises(BadData, match=r"moonest lies outside -4\.\.4"):
        vader.rule(START, words={"moonest": 5.0})


def test_on_headlines_labelled_by_hand_it_beats_bare_vader():
    hand = pl.read_csv(HAND)
    assert hand.height == hand["headline"].n_unique() == 200
    assert min(hand.group_by("part", "label").len()["len"]) >= 33
    held = hand.filter(pl.col("part") == "held_out").rename({"label": "truth", "headline": "text"})
    right = [
        float((told["label"] == told["truth"]).mean() or 0.0)  # pyright: ignore[reportArgumentType]
        for told in (vader.predict(model, held) for model in (OURS, BARE))
    ]
    assert right[0] >= right[1] + 0.1
    assert right[0] >= 0.6


@given(st.text(max_size=300))
@settings(max_examples=100)
def test_any_text_has_a_score_and_only_what_is_read_counts(text: str):
    assert -1 <= score(text) <= 1
    padded = text.ljust(LONGEST)[:LONGEST]
    assert score(padded + " crashes hack scam") == score(padded)


def test_columns_beside_the_text_stay_and_nulls_are_neutral():
    frame = pl.DataFrame({"id": [1, 2], "text": ["crash", None]})
    told = vader.predict(OURS, frame)
    assert told.columns == ["id", "text", "score", "label"]
    assert told["label"].to_list() == ["negative", "neutral"]
    assert vader.predict(OURS, frame.clear()).height == 0


def test_bad_input_is_named():
    with pytest.raises(BadData, match="column text is missing"):
        vader.predict(OURS, pl.DataFrame({"title": ["crash"]}))
    with pytest.raises(BadData, match="column text holds Int64"):
        vader.predict(OURS, pl.DataFrame({"text": [1]}))
    with pytest.raises(BadData, match="is damaged"):
        vader.predict(replace(OURS, artefact=OURS.artefact.replace("crash", "crush")), pl.DataFrame({"text": ["x"]}))
    names = ("kind", "features", "params", "seed", "trained_from", "trained_to", "data_hash", "scores")
    artefact = '{"lexicon":"0","phrases":{},"words":{}}'
    other = build(**{name: getattr(OURS, name) for name in names}, artefact=artefact)
    with pytest.raises(BadData, match="another lexicon of VADER"):
        vader.predict(other, pl.DataFrame({"text": ["x"]}))


def test_the_same_rule_is_the_same_model():
    assert vader.rule(START).model_id == OURS.model_id != BARE.model_id
