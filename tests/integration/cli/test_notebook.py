"""docs/notebooks: committed without outputs, and every cell runs on a real export, in order, in a kernel of its own."""

import ast
import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import nbformat
import psycopg
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from typer.testing import CliRunner

from adapters.store.database import Database
from cli.program import app
from tests.integration.adapters.store.analyst_login import login
from tests.integration.assets.analysed_book import CURVE, TRADES, open_and_trade

NOTEBOOKS = sorted((Path(__file__).parents[3] / "docs" / "notebooks").glob("*.ipynb"))
LONGEST = 20


@pytest.fixture
def export(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    with Database(database) as book:
        open_and_trade(book)
    monkeypatch.setenv("TRADEWIND_ANALYST_URL", login(database, tmp_path))
    return exported(tmp_path / "all.duckdb")


def exported(file: Path) -> Path:
    done = CliRunner().invoke(app, ["export", "--duckdb", str(file)])
    assert done.exit_code == 0, done.output
    return file


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what IPython and Jupyter remember out of the home of whoever runs the tests."""
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def with_outputs(notebook: Any) -> list[int]:
    """Return the numbers of the cells, from 1, that were committed with what they once gave."""
    cells = enumerate(notebook.cells, 1)
    return [n for n, cell in cells if cell.cell_type == "code" and (cell.outputs or cell.execution_count is not None)]


@contextmanager
def run(notebook: Any, folder: Path) -> Iterator[NotebookClient]:
    """Run all cells in order, and yield the kernel that knows what they made."""
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    with client.setup_kernel():
        for number, cell in enumerate(notebook.cells, 1):
            try:
                client.execute_cell(cell, number - 1)
            except CellExecutionError as error:
                pytest.fail(f"cell {number} of {len(notebook.cells)}: {error.ename}: {error.evalue}")
        yield client


def told(client: NotebookClient, expression: str) -> Any:
    cell = nbformat.v4.new_code_cell(f"print(repr(({expression})))")
    client.nb.cells.append(cell)
    client.execute_cell(cell, len(client.nb.cells) - 1)
    return ast.literal_eval(cell.outputs[0].text)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_committed_without_outputs_and_its_cells_are_short(path: Path) -> None:
    notebook = read(path)
    nbformat.validate(notebook)
    assert with_outputs(notebook) == []
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert max(len(source.splitlines()) for source in code) <= LONGEST
    assert str(Path.cwd()) not in json.dumps(notebook)


def test_an_output_would_be_seen() -> None:
    notebook = read(NOTEBOOKS[0])
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    code[0].outputs, code[1].execution_count = [nbformat.v4.new_output("stream", text="7")], 3
    places = [notebook.cells.index(cell) + 1 for cell in code[:2]]
    assert with_outputs(notebook) == places


def test_every_cell_runs_and_its_numbers_are_those_of_the_book(
    export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRADEWIND_EXPORT", str(export))
    (path,) = NOTEBOOKS
    notebook = read(path)
    with run(notebook, tmp_path) as client:
        equity = [float(Decimal(worth)) for *_, worth in CURVE]
        assert told(client, "curve['equity'].to_list()") == equity
        assert told(client, "curve['drawdown'].to_list()") == [0.0, 0.0, pytest.approx(equity[2] / equity[1] - 1)]
        held = 15000 + 10700.5
        bought = sum(Decimal(q) * Decimal(p) for *_, side, q, p in TRADES if side.sign > 0)
        sold = sum(Decimal(q) * Decimal(p) for *_, side, q, p in TRADES if side.sign < 0) * Decimal("0.999")
        assert told(client, "profit['pnl'].sum()") == pytest.approx(float(sold - bought) + held)
        assert told(client, "profit['fills'].sum()") == len(TRADES)
        # (61234.57 x 0.3) at a reference of 60000: 205.76 basis points worse.
        worst = told(client, "slippage.filter((pl.col('symbol') == 'BTC/USDT') & (pl.col('side') == 'BUY')).to_dicts()")
        assert worst[0]["worst_bps"] == pytest.approx((61234.57 / 60000 - 1) * 1e4)
        assert told(client, "trips['closed_at'].null_count(), len(trips)") == (2, 3)
        assert told(client, "story['signal_reason'].to_list()") == ["reason 4"]
        assert told(client, "executions['price'].to_list()") == [60999.37]
    shown = json.dumps(notebook.cells)
    assert shown.count("<svg") >= 2
    assert "profit of the book" in shown


def test_a_book_that_has_not_traded_has_empty_tables(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("insert into ops.books (book, configuration, status, steps) values ('b', '{}', 'DONE', 0)")
    monkeypatch.setenv("TRADEWIND_ANALYST_URL", login(database, tmp_path))
    monkeypatch.setenv("TRADEWIND_EXPORT", str(exported(tmp_path / "empty.duckdb")))
    with run(read(NOTEBOOKS[0]), tmp_path) as client:
        assert told(client, "book, len(curve), len(trips), len(executions)") == ("b", 0, 0, 0)


@pytest.mark.parametrize(("number", "source"), [(2, None), (4, "1 / 0")])
def test_a_cell_that_fails_is_named(
    export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, source: str | None
) -> None:
    """Without its file the notebook says so plainly; a cell that raises fails this test by its number."""
    monkeypatch.setenv("TRADEWIND_EXPORT", str(export) if source else str(tmp_path / "none"))
    notebook = read(NOTEBOOKS[0])
    if source:
        notebook.cells[number - 1].source = source
    said = "ZeroDivisionError" if source else "write one with `tradewind export --duckdb FILE`"
    with pytest.raises(pytest.fail.Exception, match=rf"cell {number} of .*{said}"), run(notebook, tmp_path):
        pass
