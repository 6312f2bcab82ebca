"""When it runs: the one place that knows every asset, job, schedule and sensor."""
