"""The shapes that the API answers with, by MSR's names where it has them.

They describe; they take no part in answering. A test holds answers against them.
"""

from __future__ import annotations
