"""What a process tells of itself: metrics and health."""
