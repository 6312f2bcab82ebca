"""News, posts and series: how they are read, by form, and how they are kept."""
