"""What may not be: overlays that only ever lower a target."""
