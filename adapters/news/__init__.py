"""News, posts, series: where they come from, how they are fetched, read and vetted."""
