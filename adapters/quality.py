"""Great Expectations behind one function: a frame and a list of expectations in, what failed out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

#: name of the check > (class in great_expectations.expectations, its arguments)
Expectations = Mapping[str, tuple[str, Mapping[str, Any]]]


@dataclass(frozen=True)
class Verdict:
    """What one expectation found: whether it holds, and how many rows are against it (0 for table expectations)."""

    holds: bool
    unexpected: int


def validate(frame: pl.DataFrame, expectations: Expectations) -> dict[str, Verdict]:
    """Return a verdict for every expectation; one that cannot be evaluated does not hold.

    The library takes seconds and 250 MB to import: call this once a day or once a batch, never per bar.
    """
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # pyright: ignore[reportAttributeAccessIssue]
    asset = context.data_sources.add_pandas("frames").add_dataframe_asset("frame")
    batch = asset.add_batch_definition_whole_dataframe("whole")
    suite = gx.ExpectationSuite(name="suite")
    for name, (kind, arguments) in expectations.items():
        suite.add_expectation(getattr(gx.expectations, kind)(**arguments, meta={"check": name}))
    definition = gx.ValidationDefinition(name="validation", data=batch, suite=context.suites.add(suite))
    context.validation_definitions.add(definition)
    outcome = definition.run(batch_parameters={"dataframe": frame.to_pandas()}, result_format="SUMMARY")
    found: dict[str, Verdict] = {}
    for result in outcome.results:
        config = result.expectation_config
        name = config.meta["check"] if config is not None and config.meta else ""
        found[name] = Verdict(bool(result.success), int(result.result.get("unexpected_count") or 0))
    return {name: found.get(name, Verdict(holds=False, unexpected=0)) for name in expectations}
