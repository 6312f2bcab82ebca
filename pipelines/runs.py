"""How every run is asked for: quiet, with an end to its patience, of a day or of none."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

#: A run that takes longer than this many seconds hangs or has lost its process; the monitor ends it.
_LONGEST = {
    "intraday": 120,
    "daily": 300,
    "training": 900,
    "upkeep": 3000,
    "sources": 600,
    "recompute": 900,
    "taxes": 900,
    "studies": 3000,
}
#: The daemon's log is a file that grows for ever; all of it is in the run's own log.
_QUIET = {"loggers": {"console": {"config": {"log_level": "WARNING"}}}}


def request(
    job: str,
    day: str | None = None,
    key: str | None = None,
    *,
    config: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
) -> dg.RunRequest:
    """Return a run of `job` for `day` (YYYY-MM-DD, UTC; of taxes the year); of two with one `key` only the first runs.

    `config` is that of its assets, by the name of their steps.
    """
    return dg.RunRequest(
        key,
        job_name=job if key else None,
        partition_key=day,
        run_config={**_QUIET, "ops": {step: {"config": told} for step, told in (config or {}).items()}},
        tags={"dagster/max_runtime": str(_LONGEST[job]), **(tags or {})},
    )
