"""One revision per file of sql/migrations."""
