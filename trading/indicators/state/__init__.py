"""The technical features bar by bar: a new bar costs one step from a small state, not the history."""
