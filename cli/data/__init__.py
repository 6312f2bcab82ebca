"""`tradewind data`: what files and the database hold of the market, what is missing, and history in and out."""
