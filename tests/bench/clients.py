"""The programs we measure ourselves against."""

from __future__ import annotations

import subprocess


def skopeo(*arguments: str) -> None:
    """Run `skopeo copy`; raises CalledProcessError when it fails."""
    subprocess.run(
        ["skopeo", "--insecure-policy", "copy", "--quiet", *arguments], check=True
    )
