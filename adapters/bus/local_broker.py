"""A Kafka broker inside this process: librdkafka's mock cluster, from the library in the confluent-kafka wheel."""

import ctypes
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from trading.errors import Misconfigured, Unavailable

# What a kafka-python client needs to speak with it: the version it answers in full, and a short fetch wait, because a
# parked fetch is not woken by a new message.
CLIENT_SETTINGS: dict[str, Any] = {"api_version": (2, 3)}
CONSUMER_SETTINGS: dict[str, Any] = {**CLIENT_SETTINGS, "fetch_max_wait_ms": 5}

PRODUCE, FETCH, METADATA, OFFSET_COMMIT = 0, 1, 3, 8  # api keys, for `fail`
NOT_LEADER, TIMED_OUT = 6, 7  # error codes, for `fail`

_PRODUCER = 0  # the kind of client that carries the cluster; it is never used
_HANDLE = ctypes.c_void_p
_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {  # name: result, arguments
    "rd_kafka_conf_new": (_HANDLE, []),
    "rd_kafka_conf_set": (ctypes.c_int, [_HANDLE, *[ctypes.c_char_p] * 3, ctypes.c_size_t]),
    "rd_kafka_new": (_HANDLE, [ctypes.c_int, _HANDLE, ctypes.c_char_p, ctypes.c_size_t]),
    "rd_kafka_destroy": (None, [_HANDLE]),
    "rd_kafka_mock_cluster_new": (_HANDLE, [_HANDLE, ctypes.c_int]),
    "rd_kafka_mock_cluster_destroy": (None, [_HANDLE]),
    "rd_kafka_mock_cluster_bootstraps": (ctypes.c_char_p, [_HANDLE]),
    "rd_kafka_mock_topic_create": (ctypes.c_int, [_HANDLE, ctypes.c_char_p, ctypes.c_int, ctypes.c_int]),
    "rd_kafka_mock_group_initial_rebalance_delay_ms": (None, [_HANDLE, ctypes.c_int32]),
    "rd_kafka_mock_broker_set_down": (ctypes.c_int, [_HANDLE, ctypes.c_int32]),
    "rd_kafka_mock_broker_set_up": (ctypes.c_int, [_HANDLE, ctypes.c_int32]),
    "rd_kafka_mock_push_request_errors_array": (
        None,
        [_HANDLE, ctypes.c_int16, ctypes.c_size_t, ctypes.POINTER(ctypes.c_int)],
    ),
}


class LocalBroker:
    """One broker on a free loopback port. It keeps messages in memory only: they are gone when it closes.

    Offsets are kept per start, so whoever stores them must key them by cluster. Faults can be injected for tests.
    """

    def __init__(self) -> None:
        self._library: ctypes.CDLL | None = None
        self._client: int | None = None
        self._cluster: int | None = None

    def start(self) -> None:
        """Begin to listen; does nothing when it listens already. Unavailable when the library refuses."""
        if self._cluster:
            return
        self._library = library = _load()
        said = ctypes.create_string_buffer(256)
        settings = library.rd_kafka_conf_new()
        library.rd_kafka_conf_set(settings, b"log_level", b"0", said, len(said))
        self._client = library.rd_kafka_new(_PRODUCER, settings, said, len(said))
        if not self._client:
            raise Unavailable(f"the in-process broker does not start: {said.value.decode()}")
        self._cluster = library.rd_kafka_mock_cluster_new(self._client, 1)
        if not self._cluster:
            library.rd_kafka_destroy(self._client)
            raise Unavailable("the in-process broker does not start: no free port on the loopback")
        library.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, 0)

    @property
    def bootstrap(self) -> str:
        """The address for `bootstrap_servers`, host:port."""
        return self._call("rd_kafka_mock_cluster_bootstraps").decode()

    def create_topic(self, name: str, partitions: int) -> None:
        """Create the topic `name`; one that exists keeps its partitions. Misconfigured when it is not valid."""
        exists = 36  # TOPIC_ALREADY_EXISTS
        code = self._call("rd_kafka_mock_topic_create", name.encode(), partitions, 1)
        if code not in (0, exists):
            raise Misconfigured(f"topic {name!r} with {partitions} partitions is refused by the broker (error {code})")

    def fail(self, api: int, errors: Sequence[int]) -> None:
        """Answer the next requests of kind `api` (PRODUCE, FETCH, ...) with `errors`, one each, then work again."""
        self._call("rd_kafka_mock_push_request_errors_array", api, len(errors), (ctypes.c_int * len(errors))(*errors))

    def down(self) -> None:
        """Close all connections and refuse new ones."""
        self._call("rd_kafka_mock_broker_set_down", 1)

    def up(self) -> None:
        """Accept connections again, with all that was stored."""
        self._call("rd_kafka_mock_broker_set_up", 1)

    def close(self) -> None:
        """Stop listening and forget everything; does nothing when closed already."""
        if self._library and self._cluster:
            self._library.rd_kafka_mock_cluster_destroy(self._cluster)
            self._library.rd_kafka_destroy(self._client)
        self._client = self._cluster = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _call(self, function: str, *arguments: object) -> Any:
        if not (self._library and self._cluster):
            raise Unavailable("the in-process broker was not started")
        return getattr(self._library, function)(self._cluster, *arguments)


def _load() -> ctypes.CDLL:
    """Open the wheel's library with the signatures of the functions that we call."""
    spec = importlib.util.find_spec("confluent_kafka")
    if spec is None or spec.origin is None:
        raise Misconfigured("the wheel confluent-kafka is not installed: pip install confluent-kafka, or set kafka")
    package = Path(spec.origin).parent
    found = sorted(package.with_name(package.name + ".libs").glob("librdkafka*.so*"))
    if not found:
        raise Misconfigured("this build of confluent-kafka has no library inside: install its wheel, or set kafka")
    library = ctypes.CDLL(str(found[0]))
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
