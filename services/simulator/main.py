"""The simulator's process: `python -m services.simulator.main --config FILE`."""

import argparse
import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

from aiohttp import web

from adapters.exchange.clock import WallClock
from adapters.exchange.court_record import FILE_NAME
from services.simulator import control, rest
from services.simulator.config import SimulatorConfig, SteppedClock, load
from services.simulator.court_record import CourtRecord
from services.simulator.limits import Limits
from services.simulator.market import Market
from services.simulator.recorded_exchange import RecordedExchange
from services.simulator.venue import VENUE, Venue
from trading.errors import BadData, Misconfigured

_HOST = "127.0.0.1"
_TICK_SECONDS = 0.25


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; return 0, or 2 for a wrong configuration."""
    parser = argparse.ArgumentParser(prog="simulator", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="JSON file; see services/simulator/config.py")
    try:
        asyncio.run(serve(load(parser.parse_args(arguments).config)))
    except (Misconfigured, BadData) as error:
        sys.stderr.write(f"simulator: {error}\n")
        return 2
    return 0


async def serve(config: SimulatorConfig) -> None:
    """Open the venue, listen, say where in the ready file, and stop cleanly when asked."""
    venue = open_venue(config)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    controls = web.Application(middlewares=[control.with_token])
    controls[VENUE] = venue
    controls.add_routes(control.routes)
    rest_runner, rest_port = await _listen(rest.application(venue), config.rest_port)
    control_runner, control_port = await _listen(controls, config.control_port)
    ticking = asyncio.create_task(_tick(venue)) if venue.wall is not None else None
    write_ready(config.ready_file, rest_port, control_port)
    await stop.wait()
    if ticking is not None:
        ticking.cancel()
    for runner in (rest_runner, control_runner):
        await runner.cleanup()
    venue.recorded.record.close()


def open_venue(config: SimulatorConfig) -> Venue:
    """Return the venue of `config` as its court record left it."""
    wall = WallClock()
    market = Market(config)
    recorded = RecordedExchange(config, market, CourtRecord(config.state_dir / FILE_NAME), wall.now())
    limits = Limits(config.weight_limit, config.order_limit, monotonic)
    return Venue(config, market, recorded, limits, None if isinstance(config.clock, SteppedClock) else wall)


async def _tick(venue: Venue) -> None:
    """Keep a venue on wall time moving when nobody asks."""
    while True:
        venue.catch_up()
        await asyncio.sleep(_TICK_SECONDS)


async def _listen(app: web.Application, port: int) -> tuple[web.AppRunner, int]:
    """Serve `app` on loopback at `port`, or at a free port when that one is taken or 0; return the port."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_HOST, port))
        listener.listen()
    except OSError:
        listener.close()
        listener = socket.socket()
        listener.bind((_HOST, 0))
    await web.SockSite(runner, listener).start()
    return runner, listener.getsockname()[1]


def write_ready(path: Path, rest_port: int, control_port: int) -> None:
    """Write where we listen to `path`, all at once."""
    ready = {
        "rest_url": f"http://{_HOST}:{rest_port}",
        "ws_url": f"ws://{_HOST}:{rest_port}",
        "control_url": f"http://{_HOST}:{control_port}",
        "pid": os.getpid(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(ready))
    beside.replace(path)


if __name__ == "__main__":
    sys.exit(main())
