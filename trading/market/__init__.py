"""Market data as it must be: cleaned, without hidden gaps, resampled."""
