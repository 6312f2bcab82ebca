"""A moment as a person writes it."""

from datetime import UTC, datetime


def moment(text: str) -> datetime:
    """Return the time that ISO 8601 `text` says, in UTC, which is meant where no zone is said; ValueError otherwise."""
    said = datetime.fromisoformat(text)
    try:
        return said.replace(tzinfo=UTC) if said.tzinfo is None else said.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text!r} lies outside the years that there are") from None
