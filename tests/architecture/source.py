"""The first-party code as these tests see it: its modules, syntax trees and all imports, lazy ones included."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("adapters", "assets", "cli", "models", "pipelines", "services", "sql", "trading")


@dataclass(frozen=True)
class Module:
    """One Python file; `name` is what it is imported by."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def folder(self) -> str:
        return self.name.split(".")[0]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Import:
    """One imported name: `a.b` for `import a.b`, `a.b.c` for `from a.b import c`."""

    target: str
    line: int
    level: int = 0


def read(path: Path, root: Path) -> Module:
    parts = path.relative_to(root).with_suffix("").parts
    text = path.read_text()
    return Module(".".join(part for part in parts if part != "__init__"), path, text, ast.parse(text))


@cache
def modules() -> tuple[Module, ...]:
    paths = (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
    return tuple(read(path, ROOT) for path in paths)


def imports(tree: ast.AST) -> Iterator[Import]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (Import(f"{node.module or ''}.{a.name}", node.lineno, node.level) for a in node.names)


def cycle(graph: dict[str, set[str]]) -> list[str] | None:
    """Return one cycle of `graph` (module to imported modules), None when there is none."""
    done: set[str] = set()

    def visit(node: str, way: list[str]) -> list[str] | None:
        if node in way:
            return [*way[way.index(node) :], node]
        if node in done:
            return None
        for following in sorted(graph[node]):
            if found := visit(following, [*way, node]):
                return found
        done.add(node)
        return None

    return next((found for node in sorted(graph) if (found := visit(node, []))), None)


def graph(known: tuple[Module, ...]) -> dict[str, set[str]]:
    """Return for each module the first-party modules that it imports, wherever in its text."""
    names = {module.name for module in known}

    def resolve(target: str) -> str | None:
        while target and target not in names:
            target = target.rpartition(".")[0]
        return target or None

    return {
        module.name: {found for each in imports(module.tree) if (found := resolve(each.target))} for module in known
    }
