"""Reading the simulator's court record: the truth about which orders a venue accepted and filled.

The record is JSON lines. A command (`account`, `place`, `cancel`, `advance`, `follow`) is followed by its consequences
(`accepted`, `canceled`, `denied`, `fill`); `request` and `answer` say what came over the wire and what was said back.
Times are ms since the epoch.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trading.errors import BadData

FILE_NAME = "court_record.jsonl"
_ATTEMPT = re.compile(r"-a\d+$")


@dataclass(frozen=True)
class AcceptedOrder:
    """An order that the venue took, at `at` ms since the epoch."""

    client_id: str
    account: str
    symbol: str
    order_id: int
    at: int


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the events of the record at `path`, oldest first; a torn last line is left out.

    Raises:
        BadData: a line before the last is not JSON.
    """
    if not path.exists():
        return
    rows = path.read_bytes().split(b"\n")
    # What follows the last newline was not written to its end.
    for number, row in enumerate(rows[:-1], start=1):
        try:
            yield json.loads(row)
        except ValueError:
            raise BadData(f"{path} line {number} is not JSON") from None


def accepted_orders(path: Path) -> list[AcceptedOrder]:
    """Return every order that the venue accepted, oldest first."""
    return [
        AcceptedOrder(event["client_id"], event["account"], event["symbol"], event["order_id"], event["at"])
        for event in lines(path)
        if event["event"] == "accepted"
    ]


def duplicate_orders(path: Path) -> int:
    """Return how many accepted orders come after the first of their account and client id, attempts not told apart."""
    counts = Counter((order.account, _ATTEMPT.sub("", order.client_id)) for order in accepted_orders(path))
    return sum(count - 1 for count in counts.values())
