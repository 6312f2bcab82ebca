"""The guard: a process of its own that counts what execution does, and stops it."""
