"""The form of a policy in a browser: by keyboard, live, and without a script."""

from __future__ import annotations
