"""What follows from the settings, brought in step with them at each `migrate`."""

from __future__ import annotations

from repositories.services import registry
from repositories.services.scans import trivy


def follow_settings() -> None:
    """Write down which registry is served, and whether there is a Trivy. Repeatable."""
    registry.configure()
    trivy.enable_if_found()
