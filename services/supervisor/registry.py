"""The list of our children on disk, by which the next start ends what a killed parent left behind."""

import json
from collections.abc import Iterable
from pathlib import Path

from services.supervisor.identity import Identity, stop_group


class Registry:
    """The file `children.json` of a data folder: the name, pid and start of each child."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "children.json"

    def write(self, children: Iterable[tuple[str, Identity]]) -> None:
        """Replace the list, atomically."""
        rows = [{"name": name, "pid": who.pid, "started": who.started} for name, who in children]
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps(rows, indent=1))
        part.replace(self._path)

    def read(self) -> list[tuple[str, Identity]]:
        """Return the list; empty when there is none or it cannot be read."""
        try:
            return [(row["name"], Identity(row["pid"], row["started"])) for row in json.loads(self._path.read_text())]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return []

    def stop_leftovers(self, grace: float = 5.0) -> list[str]:
        """End the listed processes that still run and their groups, never a recycled pid; return the names."""
        stopped = [name for name, who in self.read() if who.alive]
        for _, who in self.read():
            stop_group(who, grace)
        self._path.unlink(missing_ok=True)
        return stopped
