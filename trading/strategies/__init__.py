"""Strategies: pure functions from one row of knowledge to a desired exposure."""
