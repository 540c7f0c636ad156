"""A policy while it is written: what was typed, what is wrong, what it would do.

The portal's page and the admin's show the same editor; it knows neither of them.
"""

from __future__ import annotations

from promotions.forms.editor.buttons import PolicyEditor

__all__ = ["PolicyEditor"]
