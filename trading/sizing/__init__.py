"""How much: pure functions from a wanted exposure to a quantity."""
