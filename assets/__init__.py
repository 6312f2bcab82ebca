"""What exists: one file = one asset = one table. Assets meet by name, never by import."""
