"""The pages in a real Chromium, before a real server that a real client logs to."""
