"""How a session tells the simulator what to be: its configuration file, its market files, its addresses."""

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from adapters.settings import Settings
from cli.session.markets import Market
from cli.session.plan import CAPITAL, RunPlan, market_folder
from cli.session.secrets import LocalSecrets

#: The simulator grants 120,000 of request weight a minute, ccxt says of Binance 6,000.
_LOAD = 20.0


def write_config(
    settings: Settings, market: Market, folder: Path, secrets: LocalSecrets, *, wall: bool
) -> tuple[Path, Path]:
    """Write the configuration (private) and market files of a book; return (configuration, file written when ready)."""
    plan = market.plan
    folder.mkdir(parents=True, exist_ok=True)
    ready = folder / "ready.json"
    config: dict[str, Any] = {
        "state_dir": str(folder),
        "ready_file": str(ready),
        "control_token": secrets.derive("control", plan.book),
        "accounts": [
            {
                "name": plan.book,
                "api_key": secrets.derive("venue", plan.book, "key"),
                "secret": secrets.derive("venue", plan.book, "secret"),
                "balances": {plan.quote: str(CAPITAL)},
            },
            # A second key to the same account: the guard acts when the first is banned or revoked.
            {
                "name": plan.book,
                "api_key": secrets.derive("guard", plan.book, "key"),
                "secret": secrets.derive("guard", plan.book, "secret"),
                "balances": {},
            },
        ],
        "venue": plan.venue,
        "timeframe": str(plan.timeframe),
        "instruments": [_instrument(instrument) for instrument in plan.instruments],
        "market": _market(settings, market, wall=wall),
        "clock": {"kind": "wall"} if wall else {"kind": "stepped", "start": plan.window_start.isoformat()},
    }
    path = folder / "config.json"
    _write_private(path, config)
    return path, ready


def keep_ports(config: Path, addresses: dict[str, Any]) -> None:
    """Write the ports that the simulator found into its configuration: started again, it is where all know it."""
    ports = {f"{name}_port": urlsplit(addresses[f"{name}_url"]).port for name in ("rest", "control")}
    _write_private(config, json.loads(config.read_text()) | ports)


def read_addresses(ready: Path) -> dict[str, Any]:
    """Return rest_url, ws_url, control_url and pid of the running simulator."""
    return json.loads(ready.read_text())


def settings_of(addresses: dict[str, Any], book: str, secrets: LocalSecrets) -> dict[str, object]:
    """Return the settings with which our processes reach the simulator."""
    return {
        "venue_url": addresses["rest_url"],
        "stream_url": addresses["ws_url"],
        "venue_load": _LOAD,
        "control_url": addresses["control_url"],
        "venue_api_key": SecretStr(secrets.derive("venue", book, "key")),
        "venue_api_secret": SecretStr(secrets.derive("venue", book, "secret")),
        "guard_api_key": SecretStr(secrets.derive("guard", book, "key")),
        "guard_api_secret": SecretStr(secrets.derive("guard", book, "secret")),
        "control_token": SecretStr(secrets.derive("control", book)),
    }


def _write_private(path: Path, config: dict[str, Any]) -> None:
    private = path.with_suffix(".new")
    descriptor = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(config, file, indent=1)
    private.replace(path)


def _market(settings: Settings, market: Market, *, wall: bool) -> dict[str, Any]:
    plan: RunPlan = market.plan
    if plan.source["kind"] == "random":
        end = None if wall else plan.end.isoformat()
        return {"kind": "random", "seed": plan.source["seed"], "start": plan.history_start.isoformat(), "end": end}
    folder = market_folder(settings.data_dir, plan.book)
    folder.mkdir(parents=True, exist_ok=True)
    for symbol, bars in market.bars.items():
        path = folder / f"{symbol.replace('/', '')}.parquet"
        if not path.exists():
            bars.write_parquet(path.with_suffix(".new"))
            path.with_suffix(".new").replace(path)
    return {"kind": "files", "folder": str(folder)}


def _instrument(instrument: Any) -> dict[str, str]:
    return {
        name: format(value, "f") if hasattr(value, "as_tuple") else value
        for name, value in vars(instrument).items()
        if name not in ("venue", "status")
    }
