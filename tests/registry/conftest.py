"""The registry is tested where tracking is: in a folder, and through a server."""

from tests.tracking.conftest import place, server_url

__all__ = ["place", "server_url"]
