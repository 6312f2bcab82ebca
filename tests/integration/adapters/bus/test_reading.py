"""What the client is told about reading the topic: the in-process broker has neither transactions nor losses."""

from typing import Any

import pytest

from adapters.bus.signal_topic import SignalConsumer


def test_a_consumer_reads_what_was_committed_and_guesses_no_place(monkeypatch: pytest.MonkeyPatch):
    import kafka

    told: dict[str, Any] = {}
    monkeypatch.setattr(kafka, "KafkaConsumer", lambda **options: told.update(options))
    SignalConsumer("localhost:1", None, "signals")
    assert told["isolation_level"] == "read_committed"
    assert (told["auto_offset_reset"], told["enable_auto_commit"], told["group_id"]) == ("none", False, None)
