"""What runs all day: one folder is one process."""
