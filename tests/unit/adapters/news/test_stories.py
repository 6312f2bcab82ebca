"""Headlines placed in stories."""

from datetime import UTC, datetime, timedelta

from adapters.news import stories as module
from adapters.news.stories import ALIKE, Stories, Told, likeness
from trading.news.headline import headline

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_the_most_alike_wins_and_others_begin_their_own() -> None:
    stories = Stories([Told("a", "Bank of Canada and MIT research CBDC", AT, "s1")])
    assert stories.place("b", "Bank of Canada, MIT to research CBDCs", AT + HOUR, "x") == "s1"
    assert stories.place("b", "Solana stops for five hours", AT + HOUR, "y") == "y"
    assert stories.place("c", "Solana stopped for five hours", AT + 2 * HOUR, "z") == "y"


def test_two_days_later_it_is_another_story() -> None:
    stories = Stories([Told("a", "Solana stops", AT, "s1")])
    assert stories.place("b", "Solana stops", AT + 48 * HOUR, "x") == "s1"
    assert stories.place("b", "Solana stops", AT + 97 * HOUR, "y") == "y"


def test_numbers_that_contradict_and_digests_are_kept_apart() -> None:
    stories = Stories([Told("a", "Bridge hacked for $100M", AT, "s1"), Told("a", "Bank sues + More News", AT, "s2")])
    assert stories.place("b", "Bridge hacked for $200M", AT, "x") == "x"
    assert stories.place("b", "Bridge hacked", AT, "y") == "s1"
    assert stories.place("b", "Bank sues", AT, "z") == "z"


def test_a_source_that_repeats_itself_must_say_almost_the_same() -> None:
    daily = "Price of Bitcoin and Ethereum on Monday"
    stories = Stories([Told("a", daily, AT, "s1")])
    assert stories.place("a", daily.replace("Monday", "Tuesday"), AT + HOUR, "x") == "x"
    assert stories.place("b", daily.replace("Monday", "Tuesday"), AT + HOUR, "y") == "x"
    assert stories.place("a", daily, AT + HOUR, "z") == "s1"


def test_only_the_newest_are_compared(monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST", 10)
    stories = Stories(Told("a", f"Story {chr(65 + n) * 9}", AT + n * timedelta(minutes=1), f"s{n}") for n in range(26))
    assert stories.place("b", "Story AAAAAAAAA", AT + HOUR, "x") == "x"
    assert stories.place("b", "Story ZZZZZZZZZ", AT + HOUR, "y") == "s25"
    for number in range(50):
        stories.place("b", f"Nothing like {number * 7919}", AT + HOUR, f"n{number}")
    assert len(stories._known) <= 20


def test_the_short_way_says_the_same() -> None:
    one, other = headline("Fitch lowers El Salvador's rating"), headline("Fitch downgrades El Salvador")
    assert likeness(one, other) == likeness(one, other, 1.0) > 0
    assert likeness(one, headline("Nothing of the kind"), ALIKE) < ALIKE
