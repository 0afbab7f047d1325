"""Moving in and out: what other trackers keep, archives, and the sinks they are read into."""
