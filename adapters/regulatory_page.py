"""A regulatory report as a page: what was traded, how it ties, and the rows of the form."""

from collections.abc import Mapping
from typing import Any

from adapters.page import environment

#: So many rows are shown on the page; XML and CSV have them all.
SHOWN = 50


def page(document: Mapping[str, Any]) -> str:
    """Return the HTML page of a regulatory report (plain JSON values) with its `document_hash`.

    The page is whole in itself: no script, no request to anywhere. Equal documents give equal bytes.
    """
    fields, rows = document["form"]["fields"], document["rows"]
    common = [name for name in fields if len(rows) > 1 and len({row.get(name) for row in rows}) == 1]
    varied = [name for name in fields if name not in common]
    template = environment("100").get_template("regulatory_report.html")
    return template.render(**document, shown=SHOWN, common=common, varied=varied)
