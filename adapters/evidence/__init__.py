"""Evidence: the joined history of a book (court record, database, broker log) and the invariants that it must meet."""
