"""The real simulator as a child process, and what is needed to talk to it."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import requests

from adapters.exchange.ccxt_client import Credentials
from adapters.exchange.ccxt_venue import CcxtVenue
from adapters.exchange.clock import VenueClock
from adapters.exchange.court_record import FILE_NAME
from adapters.exchange.passage import Passage
from adapters.exchange.pause import Pause
from adapters.exchange.simulator_control import SimulatorControl
from tests.integration.simulator import forked
from trading.order import Leg, Order, OrderKey, OrderRequest, OrderState, OrderType, Side

TOKEN = "control-token"
KEY, SECRET = "api-key", "api-secret"


def instrument(symbol: str, tick: str = "0.01", lot: str = "0.0001") -> dict[str, str]:
    base, quote = symbol.split("/")
    steps = {"tick": tick, "lot": lot, "min_quantity": lot, "min_notional": "5"}
    return {"symbol": symbol, "base": base, "quote": quote, "maker_fee": "0.001", "taker_fee": "0.001", **steps}


def configuration(folder: Path, **changes: Any) -> dict[str, Any]:
    market = {"kind": "random", "seed": 5, "start": "2026-02-01T00:00:00Z", "end": "2026-03-05T00:00:00Z"}
    account = {"name": "main", "api_key": KEY, "secret": SECRET, "balances": {"USDT": "100000", "BTC": "1"}}
    return {
        "state_dir": str(folder / "state"),
        "ready_file": str(folder / "ready.json"),
        "control_token": TOKEN,
        "accounts": [account],
        "venue": "simulator",
        "timeframe": "1h",
        "instruments": [instrument("BTC/USDT"), instrument("ETH/USDT")],
        "market": market,
        "clock": {"kind": "stepped", "start": "2026-03-01T00:00:00Z"},
        "half_spread_bps": "1",
    } | changes


@dataclass
class SimulatorProcess:
    """One simulator under test; `start` it, `kill` it, `start` it again."""

    folder: Path
    config: dict[str, Any]
    process: BaseProcess | None = None
    ready: dict[str, Any] = field(default_factory=dict)
    closing: list[Any] = field(default_factory=list)
    orders_made: int = 0

    def start(self) -> "SimulatorProcess":
        ready, config = Path(self.config["ready_file"]), self.folder / "config.json"
        ready.unlink(missing_ok=True)
        config.write_text(json.dumps(self.config))
        self.process = forked.started(config, self.folder / "stderr")
        deadline = time.monotonic() + 120
        while not ready.exists():
            if not self.process.is_alive() or time.monotonic() > deadline:
                raise RuntimeError((self.folder / "stderr").read_text())
            time.sleep(0.005)
        self.ready = json.loads(ready.read_text())
        return self

    @property
    def lives(self) -> bool:
        return self.process is not None and self.process.is_alive()

    def stop(self) -> int:
        assert self.process is not None
        self.close_clients()
        self.process.terminate()
        return self._ended()

    def kill(self) -> None:
        self.close_clients()
        self.crash()

    def crash(self) -> None:
        """Kill it while its clients are connected."""
        assert self.process is not None
        self.process.kill()
        self._ended()

    def _ended(self) -> int:
        assert self.process is not None
        self.process.join(10)
        assert self.process.exitcode is not None, f"{self.folder}: the simulator does not end"
        return self.process.exitcode

    def close_clients(self) -> None:
        for client in self.closing:
            client.close()
        self.closing.clear()

    @property
    def record(self) -> Path:
        return Path(self.config["state_dir"]) / FILE_NAME

    def clock(self) -> VenueClock:
        self.closing.append(VenueClock(self.ready["rest_url"]))
        return self.closing[-1]

    def ask(self, method: str, path: str, *, wait: float = 10.0, **params: str) -> requests.Response:
        """Send one signed request as it is, dated by the venue's true time, and return the raw answer."""
        now = round(self.control().state().now.timestamp() * 1000)
        query = urlencode({"recvWindow": "60000", "timestamp": str(now)} | params)
        signature = hmac.new(SECRET.encode(), query.encode(), hashlib.sha256).hexdigest()
        url = f"{self.ready['rest_url']}{path}?{query}&signature={signature}"
        return requests.request(method, url, headers={"X-MBX-APIKEY": KEY}, timeout=wait, allow_redirects=False)

    def control(self, token: str = TOKEN) -> SimulatorControl:
        self.closing.append(SimulatorControl(self.ready["control_url"], token))
        return self.closing[-1]

    def venue(
        self,
        key: str = KEY,
        secret: str = SECRET,
        timeout: float = 5.0,
        passage: Passage | None = None,
        waits: Callable[[], bool] = lambda: False,
    ) -> CcxtVenue:
        clock = self.clock()
        venue = CcxtVenue(
            "binance",
            Credentials(key, secret),
            clock,
            venue="simulator",
            account="main",
            rest_url=self.ready["rest_url"],
            timeout=timeout,
            rate_limit=False,
            pause=Pause(clock, waits),
            passage=passage,
        )
        self.closing.append(venue)
        return venue

    def order(self, side: Side, quantity: str, kind: OrderType = OrderType.MARKET, **changes: Any) -> Order:
        self.orders_made += 1
        key = OrderKey(changes.pop("signal", f"signal {self.orders_made}"), 1, Leg.ENTRY)
        prices = {name: Decimal(changes.pop(name)) for name in ("limit", "stop") if name in changes}
        symbol = changes.pop("symbol", "BTC/USDT")
        request = OrderRequest(
            key, "book", "strategy", "simulator", symbol, side, kind, Decimal(quantity), Decimal(1), **prices
        )
        sent_at = changes.pop("sent_at", None) or self.clock().now()
        client_id = key.client_id("main", changes.pop("attempt", 1))
        return Order(request, client_id, OrderState.SENDING, 1, 1, sent_at, changes.pop("recv_window_ms", 5000))
