"""What is computed from the market."""
