"""Stories: headlines that tell the same, whoever published them; each joins the story of the one most like it.

The limits were measured on a labelled sample of real headlines (tests/integration/news/test_stories.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from rapidfuzz import fuzz

from trading.news.headline import Headline, headline

#: Two headlines further apart in time are two stories.
WITHIN = timedelta(hours=48)
#: How much two headlines must be alike, 0 to 100.
ALIKE = 72.0
#: A publisher's own headlines look alike because they are made alike ("Price analysis 1/12"): almost the same, then.
ALIKE_IN_ONE_SOURCE = 92.0
#: Only the newest of so many are compared; more within two days is a flood.
MOST = 5_000


@dataclass(frozen=True, slots=True)
class Told:
    """A headline in its story: `at` is when it was published, or first seen where that is not known."""

    source: str
    title: str
    at: datetime
    story_id: str


class Stories:
    """The stories of late; headlines are placed in the order of their time."""

    def __init__(self, recent: Iterable[Told] = ()) -> None:
        """Know the stories of `recent` headlines."""
        self._known = [(one, headline(one.title)) for one in sorted(recent, key=lambda one: (one.at, one.story_id))]
        del self._known[:-MOST]

    def place(self, source: str, title: str, at: datetime, article_id: str) -> str:
        """Return the story of a headline: that of the one most like it, the earliest of several, or its own."""
        asked, best, found = headline(title), 0.0, article_id
        for told, known in self._known:
            if abs(at - told.at) > WITHIN:
                continue
            limit = ALIKE_IN_ONE_SOURCE if told.source == source else ALIKE
            if told.title == title:
                alike = 100.0
            elif may_be_one(asked, known, same_source=told.source == source):
                alike = likeness(asked, known, limit)
            else:
                continue
            if alike >= limit and alike > best:
                best, found = alike, told.story_id
        self._known.append((Told(source, title, at, found), asked))
        if len(self._known) > 2 * MOST:
            del self._known[:-MOST]
        return found


def may_be_one(one: Headline, other: Headline, *, same_source: bool) -> bool:
    """Return whether nothing in the two says that they are two: numbers that contradict, a digest of many stories."""
    if same_source:
        return one.numbers == other.numbers
    contradict = bool(one.numbers - other.numbers) and bool(other.numbers - one.numbers)
    return not contradict and not one.digest and not other.digest


def likeness(one: Headline, other: Headline, least: float = 0.0) -> float:
    """Return how much two headlines are alike, 0 to 100: word by word, and with what only one of them adds left out.

    What turns out below `least` may be told as 0.
    """
    # The second measure is 100 at most.
    whole = fuzz.ratio(one.words, other.words, score_cutoff=max(0.0, 2 * least - 100))
    if least and not whole:
        return 0.0
    return (whole + fuzz.token_set_ratio(one.words, other.words)) / 2
