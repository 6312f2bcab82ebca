"""The shape of the code: small files, small functions, small classes, each with its sentence, no drawers."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.source import ROOT, Module, modules

FILE, FUNCTION, CLASS = 300, 40, 12  # one less is allowed
DRAWERS = {"utils", "util", "helpers", "helper", "common", "base", "manager", "managers", "misc"}
Definition = ast.FunctionDef | ast.AsyncFunctionDef
each_module = pytest.mark.parametrize("module", modules(), ids=str)


def public(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, Definition | ast.ClassDef]]:
    """Yield the public classes, functions and methods of `body`; a setter is documented by its property."""
    for node in body:
        if isinstance(node, Definition | ast.ClassDef) and not node.name.startswith("_"):
            setter = any(isinstance(mark, ast.Attribute) and mark.attr == "setter" for mark in node.decorator_list)
            if not setter:
                yield prefix + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body, f"{prefix}{node.name}.")


def too_long(module: Module) -> list[str]:
    found = []
    for node in ast.walk(module.tree):
        if isinstance(node, Definition):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length >= FUNCTION:
                found.append(f"{module.path}:{node.lineno} {node.name} has {length} lines")
        elif isinstance(node, ast.ClassDef):
            methods = sum(isinstance(each, Definition) for each in node.body)
            if methods >= CLASS:
                found.append(f"{module.path}:{node.lineno} {node.name} has {methods} methods")
    return found


@each_module
def test_files_functions_and_classes_are_small(module: Module) -> None:
    assert module.text.count("\n") < FILE
    assert too_long(module) == []


@each_module
def test_a_module_opens_with_its_sentence(module: Module) -> None:
    said = ast.get_docstring(module.tree)
    assert said, f"{module.path} has no docstring"
    assert said.split("\n\n")[0].rstrip().endswith((".", ":")), (
        f"the docstring of {module.path} begins without a sentence"
    )


@each_module
def test_what_is_public_is_documented(module: Module) -> None:
    assert [name for name, node in public(module.tree.body) if not ast.get_docstring(node)] == []


@each_module
def test_no_drawers_and_no_relative_imports(module: Module) -> None:
    assert not DRAWERS & set(module.name.split("."))
    assert not [n.lineno for n in ast.walk(module.tree) if isinstance(n, ast.ImportFrom) and n.level]


def test_tests_are_no_package() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_the_measures_measure() -> None:
    """Each rule goes red on code that breaks it."""
    long = "def f():\n" + "    pass\n" * FUNCTION
    wide = "class C:\n" + "".join(f"    def m{n}(self): ...\n" for n in range(CLASS))
    for text in (long, wide):
        assert len(too_long(Module("x", ROOT, text, ast.parse(text)))) == 1
    assert [name for name, _ in public(ast.parse("class A:\n  def b(self): ...\n  def _c(self): ...").body)] == [
        "A",
        "A.b",
    ]
