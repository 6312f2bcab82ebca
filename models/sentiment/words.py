"""The words of texts as numbers: single words and pairs, weighted by how rare they are (TF-IDF)."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?|\d[\d.,]*")


def words(text: str) -> list[str]:
    """Return the words of `text` in small letters and their pairs; a number is the word #, whatever it is."""
    single = ["#" if word[0].isdigit() else word.casefold().replace("\u2019", "'") for word in _WORD.findall(text)]
    return single + [f"{one} {other}" for one, other in pairwise(single)]


def vocabulary(texts: Sequence[str], least: int, most: int) -> dict[str, float]:
    """Return the rarity (smoothed log of inverse document frequency) of the words of at least `least` texts.

    The `most` frequent are kept, ties by the alphabet; in the order of the alphabet.
    """
    counts = Counter(word for text in texts for word in set(words(text)))
    known = sorted((word for word in counts if counts[word] >= least), key=lambda word: (-counts[word], word))[:most]
    # Rounded here: what is stored in a model is what it was trained on.
    return {word: round(float(np.log((1 + len(texts)) / (1 + counts[word]))) + 1, 9) for word in sorted(known)}


def matrix(texts: Sequence[str], rarity: Mapping[str, float]) -> Any:
    """Return the sparse matrix texts x words of (1 + log count) * rarity, each row of length 1, or all 0."""
    from scipy.sparse import csr_matrix

    places = {word: place for place, word in enumerate(rarity)}
    values: list[float] = []
    columns: list[int] = []
    ends = [0]
    for text in texts:
        counts = Counter(word for word in words(text) if word in places)
        row = {places[word]: (1 + float(np.log(count))) * rarity[word] for word, count in counts.items()}
        length = float(np.sqrt(sum(value * value for _, value in sorted(row.items()))))
        columns += sorted(row)
        values += [row[place] / length for place in sorted(row)]
        ends.append(len(columns))
    return csr_matrix((values, columns, ends), shape=(len(texts), len(rarity)), dtype=np.float64)
