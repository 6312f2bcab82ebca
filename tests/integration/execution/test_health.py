import json
import urllib.error
import urllib.request
from time import monotonic

import pytest

from adapters.telemetry.execution_metrics import Metrics
from adapters.telemetry.health import Health
from tests.integration.execution.floor import Floor


def get(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        return answer.read().decode()


def test_health_says_whether_it_trades_and_metrics_count_what_it_did(floor: Floor):
    floor.tell(floor.signal())
    floor.settle()
    metrics = floor.desk.metrics
    with Health(metrics, 0) as health:
        assert json.loads(get(health.port, "/health")) == {"state": "standby", "epoch": 0}
        metrics.own(7)
        assert json.loads(get(health.port, "/health")) == {"state": "trading", "epoch": 7}
        numbers = get(health.port, "/metrics")
        assert "tradewind_execution_messages_total 1.0" in numbers
        assert 'tradewind_execution_orders_total{verdict="ACCEPTED"} 2.0' in numbers
        assert "tradewind_execution_wire_seconds_count 2.0" in numbers
        assert "tradewind_execution_epoch 7.0" in numbers
        with pytest.raises(urllib.error.HTTPError, match="404"):
            get(health.port, "/")


def test_a_loop_that_stands_still_is_not_healthy():
    metrics = Metrics()
    metrics.turned = monotonic() - 60
    with Health(metrics, 0) as health, pytest.raises(urllib.error.HTTPError, match="503"):
        get(health.port, "/health")
