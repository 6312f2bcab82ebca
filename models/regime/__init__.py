"""Market regimes: one model per file, each with fit and predict."""
