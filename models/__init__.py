"""How we predict: pure fit and predict, one model per file."""
