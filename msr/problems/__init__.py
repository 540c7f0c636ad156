"""What went wrong, said to people in the portal's design and to programs in MSR's."""

from __future__ import annotations
