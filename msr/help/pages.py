"""One topic of the help: its Markdown as HTML, its sections, its title."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from django.template import Context
from django.template.engine import Engine

from msr.help.facts import facts
from msr.help.markdown import read

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

    from msr.help.markdown import Section

# In the order in which somebody new would read them; the name is that of the file.
TOPICS = (
    "getting-started",
    "policies",
    "templates",
    "conflicts",
    "proposals",
    "scanning",
    "hidden",
    "notices",
    "webhooks",
    "roles",
    "organizations",
    "signing-in",
    "tokens",
    "robots",
    "api",
    "administration",
)
OF_STAFF = frozenset({"administration"})


@dataclass(frozen=True, slots=True)
class HelpPage:
    """A topic; `lead` says in one sentence what it is about."""

    name: str
    title: str
    lead: str
    sections: tuple[Section, ...]
    html: SafeString

    @property
    def anchors(self) -> frozenset[str]:
        """The ids that a link may lead to."""
        return frozenset(section.anchor for section in self.sections)


def topics(*, is_staff: bool) -> list[HelpPage]:
    """Return all topics that are for the reader."""
    return [page(name) for name in TOPICS if is_staff or name not in OF_STAFF]


@cache
def page(name: str) -> HelpPage:
    """Return one of TOPICS; what its tables say cannot change while the portal runs."""
    template = Engine.get_default().get_template(f"help/{name}.md")
    read_page = read(template.render(Context(facts(), autoescape=False)))
    return HelpPage(
        name, read_page.title, read_page.lead, read_page.sections, read_page.html
    )
