"""What a market abuse desk looks for, one pattern a file: each reads the book's own activity and names its evidence."""
