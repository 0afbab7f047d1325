"""HTTP in front of a store: calls, artifacts, events and pages."""
