"""How it went: one measure per file, each a pure function of the ledger's movements and the closes."""
