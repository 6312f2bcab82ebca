"""Labelled headlines that any model can learn: the class is in one of the words."""

from datetime import timedelta

import numpy as np
import polars as pl

from tests.fakes.random_panel import START

SAID = {
    "negative": ("sinister", "gloom", "ruin"),
    "neutral": ("calendar", "committee", "podcast"),
    "positive": ("triumph", "delight", "harvest"),
}
FILLER = ("chain", "token", "wallet", "miners", "market", "exchange", "network", "fund", "coin", "bank", "ledger")


def headlines(rows: int, seed: int = 5, hours: int = 6) -> pl.DataFrame:
    """Return ts, text, label: one headline every `hours` hours."""
    rng = np.random.default_rng(seed)
    labels = [list(SAID)[place] for place in rng.integers(0, 3, rows)]
    texts = [
        " ".join([*rng.choice(FILLER, 4), str(rng.choice(SAID[label])), *rng.choice(FILLER, 2), str(row)])
        for row, label in enumerate(labels)
    ]
    times = [START + timedelta(hours=hours * row) for row in range(rows)]
    return pl.DataFrame({"ts": times, "text": texts, "label": labels})
