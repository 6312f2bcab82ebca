"""What is expected, and in which regime."""
