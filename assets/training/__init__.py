"""What is learned from the features."""
