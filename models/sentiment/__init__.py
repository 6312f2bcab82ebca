"""Sentiment of headlines and posts: how bad or good what they tell is for what they are about, -1..1."""
