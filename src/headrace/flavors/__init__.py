"""One file per library: how its models are saved, loaded and asked."""
