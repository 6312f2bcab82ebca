"""Declared sources: what sources.toml says of them, what they answer over HTTP, and the visit that reads them."""
