"""What keeps us polite to venues and upright without them: circuits, pauses, one budget for all processes."""
