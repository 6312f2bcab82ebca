"""The files of a backtest: the tear sheet as a page and as JSON, its fills and round trips as tables."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.files import write_atomically
from cli.session.backtest import Terms
from cli.session.plan import RunPlan
from trading.audit import digest, plain

if TYPE_CHECKING:
    from trading.backtest.result import Backtest


def save(tested: "Backtest", plan: RunPlan, terms: Terms, folder: Path) -> tuple[dict[str, Any], dict[str, Path]]:
    """Write the files of `tested` into `folder` and return the document with its hash, and the files by what they are.

    Names begin with the book, and with what the terms are where they are not those of `run`.
    """
    from adapters import render
    from trading.reports.tear_sheet import document

    made = plain(document(tested, _provenance(plan, terms)))
    made["document_hash"] = digest(made)
    folder.mkdir(parents=True, exist_ok=True)
    name = plan.book if _told(terms) == _told(Terms()) else f"{plan.book}-{digest(_told(terms))[:8]}"
    contents = {
        "tear_sheet": (f"{name}.html", render.backtest(made)),
        "document": (f"{name}.json", json.dumps(made, indent=1) + "\n"),
        "fills": (f"{name}-fills.csv", render.fills_csv(made)),
        "trades": (f"{name}-trades.csv", render.trades_csv(made)),
    }
    files: dict[str, Path] = {}
    for kind, (file, text) in contents.items():
        files[kind] = (folder / file).resolve()
        write_atomically(files[kind], text)
    return made, files


def _provenance(plan: RunPlan, terms: Terms) -> dict[str, str]:
    from importlib.metadata import version

    return {
        "data": json.dumps(plan.source),
        "history from": plan.history_start.isoformat(),
        "parameters": json.dumps(plan.configuration.get("parameters", {})),
        "terms": json.dumps(_told(terms)),
        "seed": str(plan.seed),
        "code version": version("tradewind"),
    }


def _told(terms: Terms) -> dict[str, Any]:
    return plain({name: value for name, value in vars(terms).items() if name not in ("limits", "brief")}) | {
        "limits": terms.limits.model_dump(mode="json")
    }
