"""The mood: what was known at the close, equal to a recount, blind to what is read later; leaks are caught."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from models.sentiment.mood import FEATURES, HALF_LIFE, ITEMS, WINDOW, news_features
from tests.fakes.random_panel import START
from trading.errors import BadData
from trading.indicators.causality import Leak, leaks
from trading.timeframe import Timeframe

HOUR = timedelta(hours=1)
TIMEFRAME = Timeframe.parse("1h")
BASES = {"BTC/USDT": "BTC", "ETH/USDT": "ETH"}
OPENS = [START + HOUR * bar for bar in range(240)]


def item(read: datetime, score: float, *, said: datetime | None = None, name: str = "a", **more: Any) -> dict[str, Any]:
    row = {"kind": "article", "source": "s", "item_id": name, "fetched_ts": read, "published_ts": said}
    return {**row, "text_hash": f"{name}{score}", "entities": ["BTC"], "score": score, **more}


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=ITEMS, orient="row")


def drawn(seed: int, rows: int = 300) -> pl.DataFrame:
    """Articles and posts with corrections, copies, late reads and missing dates."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(rows):
        said = START + timedelta(minutes=int(rng.integers(-3000, 14000)))
        read = said + timedelta(minutes=int(rng.exponential(300)))
        text = int(rng.integers(rows))
        about = tuple(code for code in ("BTC", "ETH", "SOL") if rng.random() < 0.5)
        made.append(
            item(
                read,
                2 * text / rows - 1,
                said=None if rng.random() < 0.2 else said,
                name=f"item {rng.integers(rows)}",
                text_hash=f"text {text}",
                kind="post" if rng.random() < 0.3 else "article",
                entities=list(about),
                source=f"source {rng.integers(3)}",
            )
        )
    return frame(*made).unique(["kind", "source", "item_id", "fetched_ts"], maintain_order=True)


def at(features: pl.DataFrame, bar: int, symbol: str = "BTC/USDT") -> dict[str, float]:
    return features.filter((pl.col("symbol") == symbol) & (pl.col("ts") == OPENS[bar])).row(0, named=True)


def told(*rows: dict[str, Any]) -> pl.DataFrame:
    return news_features(frame(*rows), BASES, OPENS, TIMEFRAME)


def test_an_article_counts_from_when_it_was_read_and_is_as_old_as_it_says():
    read, said = START + 10 * HOUR + timedelta(minutes=1), START + 4 * HOUR
    found = told(item(read, 0.8, said=said))
    assert at(found, 9)["news_articles"] == 0
    weight = 0.5 ** ((START + 11 * HOUR - said) / HALF_LIFE)
    assert at(found, 10)["news_weight"] == pytest.approx(weight)
    assert at(found, 10)["news_mood"] == pytest.approx(weight * 0.8 / (weight + 1))
    assert at(found, 10)["news_mood"] > at(found, 30)["news_mood"] > 0
    assert at(found, 10, "ETH/USDT") == {**at(found, 9), "symbol": "ETH/USDT", "ts": OPENS[10], **at_market(found, 10)}
    forgotten = 4 + WINDOW // HOUR
    assert at(found, forgotten - 2)["news_articles"] == 1
    assert at(found, forgotten - 1)["news_articles"] == 0


def at_market(found: pl.DataFrame, bar: int) -> dict[str, float]:
    return {"market_mood": at(found, bar)["market_mood"]}


def test_read_at_the_very_close_is_known_and_a_moment_later_is_not():
    close = START + 5 * HOUR
    assert at(told(item(close, 1.0)), 4)["news_articles"] == 1
    assert at(told(item(close + timedelta(microseconds=1), 1.0)), 4)["news_articles"] == 0


def test_a_correction_takes_the_place_of_what_it_corrects_when_it_is_read():
    first, later = START + HOUR, START + 6 * HOUR
    found = told(item(first, 1.0), item(later, -1.0), item(later, 0.5, name="b", entities=["ETH"]))
    assert at(found, 4)["news_mood"] > 0 > at(found, 5)["news_mood"]
    assert at(found, 5)["news_articles"] == 1
    gone = told(item(first, 1.0), item(later, 1.0, entities=["ETH"]))
    assert (at(gone, 5)["news_articles"], at(gone, 5, "ETH/USDT")["news_articles"]) == (0, 1)


def test_a_flood_of_equal_texts_counts_once():
    flood = [item(START + HOUR, 1.0, name=str(copy), text_hash="buy now") for copy in range(500)]
    assert told(*flood).equals(told(flood[0]))
    again = told(item(START + HOUR, 1.0), item(START + 2 * HOUR, 1.0))
    assert at(again, 3)["news_articles"] == 1


def test_posts_and_articles_are_told_apart():
    found = told(item(START + HOUR, 1.0, kind="post"), item(START + HOUR, -1.0, entities=[]))
    row = at(found, 2)
    assert (row["news_articles"], row["social_posts"], row["news_mood"]) == (0, 1, 0.0)
    assert row["social_mood"] > 0 > row["market_mood"]


def recount(items: pl.DataFrame, close: datetime, kind: str, base: str | None) -> tuple[float, float, int]:
    newest: dict[tuple[str, str], dict[str, Any]] = {}
    for row in items.sort("fetched_ts").iter_rows(named=True):
        if row["kind"] == kind and row["fetched_ts"] <= close:
            newest[row["source"], row["item_id"]] = row
    texts: dict[str, tuple[datetime, float]] = {}
    for row in newest.values():
        age = min(row["published_ts"] or row["fetched_ts"], row["fetched_ts"])
        if (base is None or base in row["entities"]) and age > close - WINDOW:
            texts.setdefault(row["text_hash"], (age, row["score"]))
            if age < texts[row["text_hash"]][0]:
                texts[row["text_hash"]] = (age, row["score"])
    weights = [(0.5 ** ((close - age) / HALF_LIFE), score) for age, score in texts.values()]
    total = sum(weight for weight, _ in weights)
    return sum(weight * score for weight, score in weights) / (total + 1), total, len(weights)


def test_equal_to_a_recount(seed: int):
    items = drawn(seed)
    found = news_features(items, BASES, OPENS, TIMEFRAME)
    for bar in range(0, 240, 7):
        close = OPENS[bar] + HOUR
        for symbol, base in BASES.items():
            row = at(found, bar, symbol)
            expected = recount(items, close, "article", base)
            assert (row["news_mood"], row["news_weight"], row["news_articles"]) == pytest.approx(expected, abs=1e-12)
            social = recount(items, close, "post", base)
            assert (row["social_mood"], row["social_posts"]) == pytest.approx((social[0], social[2]), abs=1e-12)
            assert row["market_mood"] == pytest.approx(recount(items, close, "article", None)[0], abs=1e-12)


def test_only_the_window_before_a_bar_is_needed(seed: int):
    items = drawn(seed)
    whole = news_features(items, BASES, OPENS, TIMEFRAME).filter(pl.col("ts") >= OPENS[200])
    recent = items.filter(pl.col("fetched_ts") > OPENS[200] + HOUR - WINDOW)
    assert recent.height < items.height
    assert news_features(recent, BASES, OPENS[200:], TIMEFRAME).equals(whole)


Compute = Callable[[pl.DataFrame], pl.DataFrame]


def over(items: pl.DataFrame, cuts: int, change: Compute = lambda rows: rows) -> list[Leak]:
    """Return the leaks of the mood of 80 bars over some cuts: an item lies in the bar at whose close it is known."""
    before = pl.col("fetched_ts") - timedelta(microseconds=1)
    panel = items.with_columns(symbol=pl.col("item_id"), ts=before.dt.truncate("1h"))
    opens = OPENS[80:160]
    chosen = np.random.default_rng(11).choice(opens, cuts).tolist()
    return leaks(lambda part: news_features(change(part), BASES, opens, TIMEFRAME), panel, chosen)


def test_no_mood_sees_what_was_read_later(seed: int):
    assert over(drawn(seed), 80) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.with_columns(fetched_ts=pl.coalesce("published_ts", "fetched_ts")),
        lambda rows: rows.unique(["kind", "source", "item_id"], keep="last", maintain_order=True),
        lambda rows: rows.with_columns((pl.col("score") - pl.col("score").mean() / 2).clip(-1, 1)),
    ],
    ids=["joined by date of publication", "newest version for all times", "centred on all scores"],
)
def test_planted_leaks_are_caught(change: Compute):
    assert over(drawn(5).sort("fetched_ts"), 5, change)


def test_nothing_told_is_no_mood_and_no_failure():
    found = told()
    assert found.height == 480
    assert found.schema == FEATURES
    assert found.select(pl.exclude("symbol", "ts")).sum().row(0) == (0.0, 0.0, 0, 0.0, 0, 0.0)
    assert news_features(frame(), BASES, [], TIMEFRAME).height == 0
    assert news_features(drawn(1), {}, OPENS, TIMEFRAME).is_empty()


def test_bad_input_is_named():
    with pytest.raises(BadData, match="column score is missing"):
        news_features(frame().drop("score"), BASES, OPENS, TIMEFRAME)
    for score in (float("nan"), 1.5, None):
        with pytest.raises(BadData, match="the score of item a is"):
            told(item(START, score, text_hash="t"))  # pyright: ignore[reportArgumentType]
