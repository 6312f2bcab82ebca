"""What a country allows and counts: one file each, data alone."""
