"""What is told: news, posts, series; every one from a declared source."""
