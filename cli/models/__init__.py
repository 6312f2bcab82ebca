"""The verbs of `tradewind models`: models scored, registered, promoted by evidence, explained."""
