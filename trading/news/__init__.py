"""What may be believed of a piece of news, and what it is about."""
