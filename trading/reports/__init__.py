"""What is told about it: reports as plain documents, each number taken from the ledger."""
