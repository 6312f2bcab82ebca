"""The publisher: relays the outbox to the topic, at least once, in order."""
