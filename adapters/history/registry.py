"""All forms of history files; a file is recognised by what is in it, its name only helps with venue and symbol."""

from collections.abc import Iterable
from pathlib import Path

from adapters.history.answers import JSON
from adapters.history.container import Member, members
from adapters.history.databases import SQLITE
from adapters.history.lean import LEAN
from adapters.history.series import Form, Series
from adapters.history.tables import CSV, FEATHER, HEADERLESS, PARQUET
from trading.errors import Misconfigured

#: In the order in which they are asked.
FORMS: tuple[Form, ...] = (PARQUET, FEATHER, SQLITE, JSON, LEAN, CSV, HEADERLESS)


def read(path: Path, quotes: tuple[str, ...]) -> tuple[list[Series], list[str]]:
    """Return the series of a file and, for an archive, what was skipped in it and why.

    Raises:
        Misconfigured: it is of no form we know, broken, or too large; the message names it and what was seen.
    """
    found: list[Series] = []
    skipped: list[str] = []
    refusals: list[Misconfigured] = []
    for member in members(path):
        try:
            found += _read_member(member, quotes)
        except Misconfigured as error:
            refusals.append(error)
            skipped.append(str(error))
    if not found:
        if len(refusals) == 1:
            raise refusals[0]
        first = skipped[0] if skipped else "it is empty"
        raise Misconfigured(f"{path}: none of its {len(refusals)} files is market data; the first: {first}")
    return found, skipped


def expand(paths: Iterable[Path]) -> list[Path]:
    """Return the files of files and folders, sorted within each folder, hidden ones left out.

    Raises:
        Misconfigured: a path is not there or may not be read, or a folder holds nothing.
    """
    files: list[Path] = []
    for path in paths:
        try:
            files += _files_of(path)
        except OSError as error:
            raise Misconfigured(f"{path}: {error.strerror}") from error
    # Each once, by what it is: a link is what it leads to, under its own name.
    once: dict[Path, Path] = {}
    for file in files:
        once.setdefault(file.resolve(), file)
    return [*once.values()]


def _files_of(path: Path) -> list[Path]:
    if path.is_dir():
        # Listed before all else: below a folder that may not be read, the search finds nothing and says nothing.
        next(path.iterdir(), None)
        inside = sorted(f for f in path.rglob("*") if f.is_file() and not f.name.startswith("."))
        if not inside:
            raise Misconfigured(f"{path}: no files in this folder")
        return inside
    if not path.exists():
        raise Misconfigured(f"{path}: no such file or folder")
    return [path]


def _read_member(member: Member, quotes: tuple[str, ...]) -> list[Series]:
    form = next((form for form in FORMS if form.fits(member)), None)
    if form is None:
        known = ", ".join(form.name for form in FORMS)
        raise Misconfigured(f"{member.source}: of no form we know ({known}); it begins with {member.seen}")
    try:
        return form.read(member, quotes)
    except RecursionError:
        raise Misconfigured(f"{member.source}: nested too deep") from None
