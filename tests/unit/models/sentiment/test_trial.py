"""The trial: later months are scored by models of earlier ones; on real headlines the scores are as documented."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from models.sentiment.trial import BARE, GUESS, LEARNED, OURS, contest, document, texts_of, trial
from tests.unit.models.sentiment.made_headlines import headlines
from trading.errors import BadData

HAND = Path(__file__).with_name("hand_labelled.csv")


def test_no_headline_of_the_scored_months_is_learned_from():
    made = headlines(900)
    held = trial(made, seed=1, months=3)
    assert held.trained_to < datetime(held.scored_from.year, held.scored_from.month, 1, tzinfo=UTC) <= held.scored_from
    assert (held.scored_to.month - held.scored_from.month) % 12 == 2
    # labels of later months that say the opposite change no model
    turned = made.with_columns(
        label=pl.when(pl.col("ts") >= held.scored_from).then(pl.lit("neutral")).otherwise(pl.col("label"))
    )
    assert trial(turned, seed=1, months=3).learned == held.learned
    assert held.scores[LEARNED]["accuracy"] > 0.9
    assert held.scores[GUESS]["accuracy"] < 0.6


def test_a_headline_that_comes_again_later_is_not_scored():
    made = headlines(900)
    again = made.head(400).with_columns(pl.col("ts") + timedelta(days=150))
    assert trial(pl.concat([made, again]), 1).scores == trial(made, 1).scores


def test_headlines_without_times_are_a_day_each():
    made = headlines(900)
    held = trial(made, seed=1)
    scores = contest(made.head(50).drop("ts"), held.learned, 1, held.guess)
    assert scores[OURS]["days_scored"] == 50
    told = document(held, {"hand": scores})
    assert told["later_months"].keys() == told["by_hand"]["hand"].keys() == {GUESS, BARE, OURS, LEARNED}


def test_bad_input_is_named():
    with pytest.raises(BadData, match="none is older than"):
        trial(headlines(900), seed=1, months=99)
    with pytest.raises(BadData, match="months: 0"):
        trial(headlines(900), seed=1, months=0)
    with pytest.raises(BadData, match="are needed"):
        trial(headlines(900).head(0), seed=1)


@pytest.mark.data
def test_real_headlines_as_documented():
    path = Path(os.environ["TRADEWIND_TEST_DATA"]) / "news" / "cryptonews_2021-10_2022-07.parquet"
    file = pl.read_parquet(path).select(
        pl.col("ts").dt.replace_time_zone("UTC"),
        pl.col("title").fill_null(""),
        summary=pl.col("text").fill_null(""),
        label="sent_class",
        part=pl.lit(""),
    )
    held = trial(texts_of(file), seed=7)
    learned, ours, bare = (held.scores[name]["accuracy"] for name in (LEARNED, OURS, BARE))
    # The tool that made the labels is learned well; no lexicon agrees with it.
    assert learned == pytest.approx(0.636, abs=0.005)
    assert held.scores[LEARNED]["accuracy_low"] > held.scores[GUESS]["accuracy_high"]
    assert (ours, bare) == (pytest.approx(0.424, abs=0.01), pytest.approx(0.443, abs=0.01))
    hand = pl.read_csv(HAND).filter(pl.col("part") == "held_out").select("label", text="headline")
    people = contest(hand, held.learned, 7, held.guess)
    # People do not agree with the tool: what it taught is worth nothing here.
    assert people[LEARNED]["accuracy"] < 0.45
    assert people[OURS]["accuracy"] > 0.6
