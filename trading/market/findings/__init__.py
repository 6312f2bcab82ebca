"""What can be wrong with market data: one idea per module, each a pure function from a sample to its findings."""
