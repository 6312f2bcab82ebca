"""Tax lots: which acquisition each disposal is held against, and what it gained; every unit and every cent ties."""
