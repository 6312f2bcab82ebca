"""The parent of our processes: it starts, watches, restarts and ends them."""
