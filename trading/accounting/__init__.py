"""The books: every movement as a journal whose lines sum to zero per currency."""
