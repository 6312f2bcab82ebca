"""The simulator's control port: its clock, its faults, its conditions, and interventions at its venue."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests

from trading.errors import Misconfigured, Unavailable


@dataclass(frozen=True)
class SimulatorState:
    """Where the simulator stands: last prices by symbol (None before the first bar), counts by account."""

    now: datetime
    last_prices: dict[str, Decimal | None]
    trades: dict[str, int]
    open_orders: dict[str, int]
    finished: bool


@dataclass(frozen=True)
class Advance:
    """How far the clock came: `fills` as the court record holds them, `done` when nothing is left to walk."""

    now: datetime
    fills: list[dict[str, Any]]
    done: bool


class SimulatorControl:
    """Client of the control port at `url`; every call raises Unavailable when nobody answers."""

    def __init__(self, url: str, token: str, timeout: float = 60.0) -> None:
        self._url = url
        self._timeout = timeout
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["X-Control-Token"] = token

    def state(self) -> SimulatorState:
        """Return where the simulator stands."""
        body = self._call("GET", "/state")
        prices = {symbol: row["last_price"] for symbol, row in body["symbols"].items()}
        return SimulatorState(
            now=datetime.fromisoformat(body["now"]),
            last_prices={symbol: None if price is None else Decimal(price) for symbol, price in prices.items()},
            trades=body["trades"],
            open_orders=body["open_orders"],
            finished=body["finished"],
        )

    def advance(self, to: datetime) -> Advance:
        """Advance the clock to `to` or to the first fill before it; call again until `done`."""
        body = self._call("POST", "/advance", {"to": to.isoformat()})
        return Advance(datetime.fromisoformat(body["now"]), body["fills"], body["done"])

    def faults(self, plan: Mapping[str, Any]) -> None:
        """Put a fault plan in force: `{"seed": 1, "rules": [{"fault": "lose_answer", "probability": 0.1}]}`."""
        self._call("POST", "/faults", dict(plan))

    def struck(self) -> list[int]:
        """Return how often each rule of the fault plan in force has struck."""
        return self._call("GET", "/faults")["struck"]

    def conditions(self, **changes: Any) -> dict[str, Any]:
        """Change what lasts at the venue, named as in the simulator's `Conditions`, and return all of it.

        `revoked` accounts, `clock_offset_ms`, `maintenance_until` and `down_until` (aware datetimes, or None).
        """
        moments = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in changes.items()}
        return self._call("POST", "/conditions", moments)

    def intervene(self, act: str, **details: Any) -> list[dict[str, Any]]:
        """Do one `act` of the venue or of a stranger and return its consequences as the court record has them.

        transfer(account, currency, amount), fees(account, coin), rules(symbol, status, tick, lot, min_quantity,
        min_notional), order(account, symbol, side, type, quantity, limit, stop, client_id),
        cancel(account, symbol, client_id) and fill(account, symbol, client_id, quantity); decimals as Decimal or text.

        Raises:
            Misconfigured: there is no such act, account, symbol or order, or it cannot be done.
        """
        numbers = {name: str(value) if isinstance(value, Decimal) else value for name, value in details.items()}
        return self._call("POST", "/interventions", {"act": act, **numbers})["consequences"]

    def record(self) -> Path:
        """Return where the court record lies."""
        return Path(self._call("GET", "/record")["path"])

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            response = self._session.request(method, self._url + path, json=body, timeout=self._timeout)
        except requests.RequestException as error:
            raise Unavailable(f"the simulator at {self._url} does not answer ({type(error).__name__})") from error
        if response.status_code in {400, 401}:
            raise Misconfigured(f"simulator control {path}: {response.json()['error']}")
        if not response.ok:
            raise Unavailable(f"simulator control {path}: HTTP {response.status_code}")
        return response.json()
