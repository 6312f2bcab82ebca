"""Stories on real headlines: precision and recall against pairs that a person has labelled.

labelled_pairs.csv names headlines by hash (of source, time, title) and says whether both report the same event: every
pair of the file that the rule merges, and a sample, drawn by likeness, of those that it does not.
"""

import csv
import hashlib
import os
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from adapters.news.stories import ALIKE, ALIKE_IN_ONE_SOURCE, WITHIN, likeness, may_be_one
from trading.news.headline import headline

PAIRS = Path(__file__).with_name("labelled_pairs.csv")
Row = tuple[str, datetime, str]


def merged(one: Row, other: Row) -> bool:
    (source, at, title), (other_source, other_at, other_title) = one, other
    if abs(at - other_at) > WITHIN:
        return False
    same = source == other_source
    left, right = headline(title), headline(other_title)
    limit = ALIKE_IN_ONE_SOURCE if same else ALIKE
    return title == other_title or (may_be_one(left, right, same_source=same) and likeness(left, right) >= limit)


@pytest.mark.data
def test_precision_and_recall_on_labelled_headlines() -> None:
    folder = Path(os.environ["TRADEWIND_TEST_DATA"]) / "news"
    frame = pl.read_parquet(folder / "cryptonews_2021-10_2022-07.parquet").drop_nulls("title")
    rows = {key(row): row for row in frame.select("source", "ts", "title").iter_rows()}
    with PAIRS.open() as file:
        labels = [(rows[p["first"]], rows[p["second"]], p["same_story"] == "1") for p in csv.DictReader(file)]
    found = [(merged(one, other), same) for one, other, same in labels]
    right = sum(one and same for one, same in found)
    precision, recall = right / sum(one for one, _ in found), right / sum(same for _, same in found)
    print(
        f"{len(labels)} pairs, {sum(s for *_, s in labels)} of one story: precision {precision:.3f} recall {recall:.3f}"
    )
    assert precision >= 0.94
    assert recall >= 0.68


def key(row: Row) -> str:
    source, at, title = row
    return hashlib.sha256(f"{source}|{at:%Y-%m-%dT%H:%M}|{title}".encode()).hexdigest()[:12]
