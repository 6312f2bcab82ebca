"""Compliance at the edge: lists from local files, names compared, transactions as files for a regulator."""
