"""What we keep: PostgreSQL, whichever server it is, and the statements that read and write it."""
