"""What people call their browser."""

from __future__ import annotations

from django import template

register = template.Library()

# In this order: most browsers name others, too.
BROWSERS = {
    "Edg/": "Edge",
    "OPR/": "Opera",
    "Firefox/": "Firefox",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}
SHOWN = 40


@register.filter
def browser(user_agent: str) -> str:
    """Return ``Firefox on Linux``; the beginning of what cannot be told."""
    named = [name for mark, name in BROWSERS.items() if mark in user_agent][:1]
    system = [name for mark, name in SYSTEMS.items() if mark in user_agent][:1]
    return " on ".join(named + system) or user_agent[:SHOWN] or "a program"
