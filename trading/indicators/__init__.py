"""Scale-free technical features of candles, causal by test."""
