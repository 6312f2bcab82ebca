"""From a target to orders, and an order through its states."""
