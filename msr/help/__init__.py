"""The portal's help: Markdown in `templates/help/`, tables out of the code itself."""

from __future__ import annotations

from msr.help.pages import HelpPage, page, topics

__all__ = ["HelpPage", "page", "topics"]
