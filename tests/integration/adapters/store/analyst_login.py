"""A login of the role `analyst` for the database of one test."""

from pathlib import Path

from adapters.store.analysts import ROLE, admit

#: The role belongs to the server, which tests share: each gives it the same password.
_PASSWORD = "a-password-for-tests"


def login(database: str, folder: Path) -> str:
    """Return the URL under which the analyst logs in to the migrated `database`."""
    passfile = folder / "analyst.password"
    passfile.touch(mode=0o600)
    passfile.write_text(f"*:*:*:{ROLE}:{_PASSWORD}\n")
    return admit(database, folder)
