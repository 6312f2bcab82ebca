"""A session of trading: the market to trade on, the parts that run, the walk through time, the result."""
