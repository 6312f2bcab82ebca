"""What must hold of the tables: one file per kind of check."""
