"""What venues send, read into our words: one module per venue's shapes, everything else in common."""
