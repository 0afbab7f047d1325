"""What every library's autologging stands on: options, watching calls, imports to come, and the run of a call."""

from __future__ import annotations

from headrace.autologging.engine.integration import INTEGRATIONS, LIBRARIES, Integration
from headrace.autologging.engine.recording import Recording
from headrace.autologging.engine.watching import Call, Patch, Watcher, is_quiet, quiet

__all__ = ["INTEGRATIONS", "LIBRARIES", "Call", "Integration", "Patch", "Recording", "Watcher", "is_quiet", "quiet"]
