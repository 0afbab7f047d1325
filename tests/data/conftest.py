"""Tests of datasets track where those of tracking do: in a folder, and at a real server."""

from tests.tracking.conftest import place, server_url

__all__ = ["place", "server_url"]
