"""Great Expectations behind one function: queries and a suite in, what failed out, Data Docs beside."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: name of the check > (class in great_expectations.expectations, its arguments)
Expectations = Mapping[str, tuple[str, Mapping[str, Any]]]

_SITE: dict[str, Any] = {
    "class_name": "SiteBuilder",
    "show_how_to_buttons": False,
    "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
}


@dataclass(frozen=True)
class Verdict:
    """What one expectation found: whether it holds, and how many rows are against it (0 for table expectations)."""

    holds: bool
    unexpected: int


def examine(
    url: str, suite: str, queries: Mapping[str, str], expectations: Expectations, docs: Path
) -> dict[str, dict[str, Verdict]]:
    """Ask the database at `url` for every expectation about the rows of each query; return the verdicts by its name.

    One that cannot be evaluated does not hold. Data Docs (HTML, begin at index.html) of this examination replace
    those in the folder `docs`; where that cannot be written, OSError.

    The library takes seconds and 250 MB to import: call this once a day or once a batch, never per bar.
    """
    import great_expectations as gx
    from sqlalchemy.pool import NullPool

    made = docs.with_name(f".{docs.name}.{os.getpid()}")
    context = _context(made)
    wanted = gx.ExpectationSuite(name=suite)
    for name, (kind, arguments) in expectations.items():
        wanted.add_expectation(getattr(gx.expectations, kind)(**arguments, meta={"check": name}, notes=name))
    wanted = context.suites.add(wanted)
    # What it opens it never closes; without a pool nothing stays open, and a temporary table would not stay either.
    source = context.data_sources.add_postgres(
        "database", connection_string=_driven(url), create_temp_table=False, kwargs={"poolclass": NullPool}
    )
    # The pages are files named by what is examined: a slash would be a folder.
    files = {name: name.replace("/", "-") for name in queries}
    definitions = []
    for name, query in queries.items():
        batch = source.add_query_asset(files[name], query).add_batch_definition_whole_table("all")
        definition = gx.ValidationDefinition(name=files[name], data=batch, suite=wanted)
        definitions.append(context.validation_definitions.add(definition))
    checkpoint = gx.Checkpoint(name=suite, validation_definitions=definitions, result_format="SUMMARY")
    outcome = context.checkpoints.add(checkpoint).run()
    context.build_data_docs()
    _replace(docs, made)
    found = {str(result.asset_name): _verdicts(result) for result in outcome.run_results.values()}
    missing = Verdict(holds=False, unexpected=0)
    return {name: {check: found.get(files[name], {}).get(check, missing) for check in expectations} for name in queries}


def _context(made: Path) -> Any:
    """Return a context without a past whose pages are written to `made`."""
    import great_expectations as gx

    shutil.rmtree(made, ignore_errors=True)
    context: Any = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    for name, config in dict(context.variables.data_docs_sites or {}).items():
        # It comes with a folder of its own among the temporary files.
        shutil.rmtree(config["store_backend"]["base_directory"], ignore_errors=True)
        context.delete_data_docs_site(name)
    backend = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(made.resolve())}
    context.add_data_docs_site("docs", {**_SITE, "store_backend": backend})
    return context


def _verdicts(result: Any) -> dict[str, Verdict]:
    found: dict[str, Verdict] = {}
    for one in result.results:
        config = one.expectation_config
        name = config.meta["check"] if config is not None and config.meta else ""
        found[name] = Verdict(bool(one.success), int(one.result.get("unexpected_count") or 0))
    return found


def _driven(url: str) -> str:
    """Return the URL with the driver named, as SQLAlchemy wants it."""
    return "postgresql+psycopg://" + url.split("://", 1)[1]


def _replace(folder: Path, made: Path) -> None:
    """Put the folder `made` in the place of `folder`; two at once leave one of both, whole."""
    old = made.with_name(f"{made.name}-old")
    if folder.exists():
        folder.rename(old)
    made.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
