"""What the strategies desire, and what was sent."""
