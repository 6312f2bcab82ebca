"""The execution service: signals in, decisions and orders out, every step in one transaction with its record."""
