"""What is right: the pure domain. Imports nothing of ours and touches nothing outside."""
