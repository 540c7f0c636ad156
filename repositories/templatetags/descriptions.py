"""Descriptions that people write in Markdown, as HTML that can do no harm.

Two nets: the parser knows no HTML, so what is typed as HTML is shown as text; and
what it makes is cleaned against a short list of elements and addresses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import nh3
from django import template
from django.utils.html import escape, linebreaks
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from repositories.validators import MAX_DESCRIPTION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.renderer import RendererHTML
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token
    from markdown_it.utils import EnvType, OptionsDict

register = template.Library()

# What is longer, or makes more parts (a table fills its rows up), is shown as written.
MAX_PARTS = 10_000
# Below the title of the page and that of the card.
TOP_HEADING = 3
LAST_HEADING = 6

LINK = {"link_open", "link_close"}
# What may have its own direction: each block is read as its first letters are.
BLOCKS = {"blockquote", "h3", "h4", "h5", "h6", "li", "ol", "p", "td", "th", "ul"}
TAGS = {
    *("a", "br", "code", "em", "hr", "pre", "s", "strong"),
    *("table", "tbody", "thead", "tr"),
    *BLOCKS,
}


@register.filter
def markdown(text: str) -> SafeString:
    """Return a description as HTML: CommonMark with tables, links to outside only."""
    if len(text) > MAX_DESCRIPTION:
        return _plain(text)
    parts = PARSER.parse(text)
    if len(parts) > MAX_PARTS:
        return _plain(text)
    html = PARSER.renderer.render(parts, PARSER.options, {})
    return mark_safe(CLEANER.clean(html))  # noqa: S308 - just cleaned


def _plain(text: str) -> SafeString:
    return mark_safe(linebreaks(text, autoescape=True))  # noqa: S308 - it escapes


def _shift_headings(state: StateCore) -> None:
    """Let headings begin below those of the page, without leaving out a level."""
    last = TOP_HEADING - 1
    for token in state.tokens:
        if token.type == "heading_open":
            wanted = int(token.tag[1:]) + TOP_HEADING - 1
            last = min(wanted, last + 1, LAST_HEADING)
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{last}"


def _image(
    renderer: RendererHTML,
    tokens: Sequence[Token],
    place: int,
    options: OptionsDict,
    env: EnvType,
) -> str:
    """Show an image as a link to it: pages here load nothing from outside."""
    token = tokens[place]
    text = renderer.renderInlineAsText(token.children or [], options, env)
    source = str(token.attrGet("src") or "")
    words = escape(text or source)
    # A link in a link is none.
    links = [part.nesting for part in tokens[:place] if part.type in LINK]
    return words if sum(links) else f'<a href="{escape(source)}">{words}</a>'


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False})
    parser.enable(["table", "strikethrough"])
    parser.core.ruler.push("shift_headings", _shift_headings)
    parser.add_render_rule("image", _image)
    return parser


PARSER = _parser()
CLEANER = nh3.Cleaner(
    tags=TAGS,
    attributes={"*": set(), "a": {"href"}, "ol": {"start"}},
    set_tag_attribute_values={
        **{tag: {"dir": "auto"} for tag in BLOCKS},
        "pre": {"tabindex": "0"},
    },
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    link_rel="nofollow noopener noreferrer",
)
