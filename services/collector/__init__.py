"""The process that listens to the market: trades, bars and books from streams to Kafka and the database."""
