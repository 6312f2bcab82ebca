from collections.abc import Callable, Iterator

import pytest

from adapters.bus.local_broker import LocalBroker
from adapters.bus.signal_topic import SignalConsumer, SignalProducer, cluster_id
from adapters.store.database import Database
from services.execution.desk import Desk
from services.execution.loop import Loop
from tests.integration.execution.floor import BOOK, CASH, KEY, SYMBOL, TOPIC, VERSION, Floor, open_book
from tests.integration.simulator.conftest import start_simulator
from tests.integration.simulator.simulator_process import KEY as API_KEY
from tests.integration.simulator.simulator_process import SECRET, SimulatorProcess
from trading.execution import protocol
from trading.ports import Known

__all__ = ["start_simulator"]


@pytest.fixture
def floor(
    database: str,
    broker: LocalBroker,
    start_simulator: Callable[..., SimulatorProcess],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Floor]:
    # How long a machine with other work to do takes between decision and wire is no part of these tests.
    monkeypatch.setattr(protocol, "too_late", lambda *_: False)
    account = {"name": "main", "api_key": API_KEY, "secret": SECRET, "balances": {"USDT": str(CASH)}}
    simulator = start_simulator(accounts=[account])
    broker.create_topic(TOPIC, 2)
    venue = simulator.venue()
    known = venue.instruments([SYMBOL])
    assert isinstance(known, Known)
    store = Database(database)
    epoch, limits = open_book(store, venue)
    desk = Desk(
        BOOK,
        "simulator",
        epoch,
        store,
        venue,
        simulator.clock(),
        {SYMBOL: known.value[0]},
        limits,
        3000,
        15000,
    )
    consumer = SignalConsumer(broker.bootstrap, VERSION, TOPIC)
    consumer.place({})
    producer = SignalProducer(broker.bootstrap, VERSION)
    loop = Loop([desk], consumer, cluster_id(broker.bootstrap, VERSION), KEY)
    made = Floor(store, broker, simulator, desk, loop, consumer, producer, venue, simulator.control(), [consumer])
    yield made
    producer.close()
    for one in made.opened:
        one.close()
    store.close()
