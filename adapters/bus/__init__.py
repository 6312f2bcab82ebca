"""The topic of signals: envelope, message, producer, consumer, and brokers to run locally."""
