"""What may leave the house: the last look at each order."""
