"""How much two names are alike, as people misspell them."""


def alike(first: str, second: str) -> float:
    """Return the likeness of two names whose words are in one order, percent: 100 less what must be changed."""
    from rapidfuzz import fuzz

    return fuzz.ratio(first, second)
