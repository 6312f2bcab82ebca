"""Forecasts of returns: one model per file, each with fit and predict."""
