"""Which paragraph of the help a page leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.urls import reverse
from typing_extensions import override

if TYPE_CHECKING:
    from django.template.base import NodeList, Parser, Token
    from django.template.context import Context

register = template.Library()


class PageHelp(template.Node):
    """Keeps what is inside, such as `policies#criteria`, as the address `help_url`.

    Inside stands a block that each page fills; the bar, which is included and could
    have none, shows the address.
    """

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist

    @override
    def render(self, context: Context) -> str:
        topic, _, anchor = self.nodelist.render(context).strip().partition("#")
        address = reverse("help_topic", args=[topic]) if topic else reverse("help")
        context["help_url"] = f"{address}#{anchor}" if anchor else address
        return ""


@register.tag
def pagehelp(parser: Parser, _token: Token) -> PageHelp:
    """Read `{% pagehelp %}topic#anchor{% endpagehelp %}`."""
    nodelist = parser.parse(("endpagehelp",))
    parser.delete_first_token()
    return PageHelp(nodelist)
