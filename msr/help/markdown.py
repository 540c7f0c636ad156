"""The Markdown of the help: headings carry their anchors, as in `## Groups {#groups}`.

An anchor that is written down survives a better wording of its heading.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import nh3
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token
    from markdown_it.utils import EnvType, OptionsDict

ANCHORED = re.compile(r"(?P<text>.+?) \{#(?P<anchor>[a-z][a-z0-9-]*)\}")

TAGS = {
    *("a", "code", "div", "em", "h2", "h3", "li", "ol", "p", "pre", "strong"),
    *("table", "tbody", "td", "th", "thead", "tr", "ul"),
}
CLEANER = nh3.Cleaner(
    tags=TAGS,
    attributes={
        "a": {"href", "class", "aria-label"},
        "div": {"class", "tabindex", "role", "aria-label"},
        "h2": {"id"},
        "h3": {"id"},
    },
    set_tag_attribute_values={"pre": {"tabindex": "0"}, "th": {"scope": "col"}},
    url_schemes={"http", "https"},
    url_relative="pass_through",
    link_rel=None,
)


@dataclass(frozen=True, slots=True)
class Section:
    """A heading that can be linked to; `level` is 2 or 3."""

    anchor: str
    text: str
    level: int


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says: the first heading, the paragraph under it, and the rest."""

    title: str
    lead: str
    sections: tuple[Section, ...]
    html: SafeString


def read(text: str) -> Document:
    """Read a page; raises ValueError where a heading has no anchor, or one twice."""
    tokens = PARSER.parse(text)
    # A heading and a paragraph are three tokens each: opened, what is in it, closed.
    title, lead, body = tokens[1].content, tokens[4].content, tokens[6:]
    sections = tuple(_anchored(body))
    html = PARSER.renderer.render(body, PARSER.options, {})
    clean = mark_safe(CLEANER.clean(html))  # noqa: S308 - just cleaned
    return Document(title, lead, sections, clean)


def _anchored(tokens: Sequence[Token]) -> list[Section]:
    """Give each heading its anchor as id, and keep that out of its text."""
    found: dict[str, Section] = {}
    for heading, inline, end in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if heading.type != "heading_open":
            continue
        match = ANCHORED.fullmatch(inline.content)
        if match is None or match["anchor"] in found:
            message = f"“{inline.content}” needs an anchor of its own."
            raise ValueError(message)
        section = Section(match["anchor"], match["text"], int(heading.tag[1:]))
        found[section.anchor] = section
        heading.attrSet("id", section.anchor)
        inline.children = PARSER.parseInline(section.text)[0].children
        end.meta["section"] = section
    return list(found.values())


def _heading_close(
    _renderer: RendererHTML,
    tokens: Sequence[Token],
    place: int,
    _options: OptionsDict,
    _env: EnvType,
) -> str:
    """End a heading with the link that leads to it."""
    section: Section = tokens[place].meta["section"]
    return format_html(
        ' <a class="anchor" href="#{}" aria-label="Link to “{}”">#</a></h{}>\n',
        section.anchor,
        section.text.replace("`", ""),
        section.level,
    )


def _table_open(*_place: object) -> str:
    """Begin a box that scrolls by itself, also by keyboard."""
    return '<div class="scroll" role="group" aria-label="Table" tabindex="0"><table>'


def _table_close(*_place: object) -> str:
    return "</table></div>"


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.add_render_rule("heading_close", _heading_close)
    parser.add_render_rule("table_open", _table_open)
    parser.add_render_rule("table_close", _table_close)
    return parser


PARSER = _parser()
