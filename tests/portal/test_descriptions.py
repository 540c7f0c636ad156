"""Markdown of descriptions: what people may write, and what must come to nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from time import perf_counter

import pytest
from typing_extensions import override

from repositories.templatetags.descriptions import markdown
from repositories.validators import MAX_DESCRIPTION as MAX_LENGTH

ALLOWED = {"dir", "href", "rel", "start", "tabindex"}


class Reader(HTMLParser):
    """Notes which elements and attributes a browser would see."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.feed(html)

    @override
    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


HOSTILE = [
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](java&#10;script:alert(1))",
    "[x](javascript&#58;alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](  javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](vbscript:msgbox)",
    "[x](file:///etc/passwd)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](data:image/svg+xml,<svg onload=alert(1)>)",
    "[x](//evil.example/)",
    "[x](/admin/)",
    "[x](?next=//evil.example)",
    "[x](blob:https://a/b)",
    "[x][1]\n\n[1]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "![x](data:image/png;base64,iVBORw0KGgo=)",
    '![" onerror="alert(1)](x)',
    "[![x](javascript:alert(1))](javascript:alert(2))",
    '[x](https://a.example "\\" onmouseover=\\"alert(1)")',
    "[x](https://a.example/\"onmouseover='alert(1)')",
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<form action=/r/dev/website/delete method=post><button>ok</button></form>",
    "<style>*{display:none}</style>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<a href='javascript:alert(1)'>x</a>",
    "<p style='position:fixed'>x</p>",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "```html\n<script>alert(1)</script>\n```",
    '```" onload="alert(1)\nx\n```',
    "`<script>alert(1)</script>`",
    "|<script>|\n|-|\n|<img src=x onerror=alert(1)>|",
    "# <script>alert(1)</script>",
    "<details open ontoggle=alert(1)>",
    "<div hx-get=/admin/ hx-trigger=load>x</div>",
    "{{ request.user.password }}{% load static %}",
    "\0<script\0>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_runs_or_loads_comes_out(text):
    page = Reader(markdown(text))
    assert not page.tags & {
        *("script", "img", "svg", "math", "iframe", "form", "button", "style"),
        *("base", "meta", "div", "details", "object", "embed", "input"),
    }
    assert {name for name, _ in page.attributes} <= ALLOWED
    for name, value in page.attributes:
        if name == "href":
            assert re.match(r"https?://a\.example|mailto:", value), value


@pytest.mark.parametrize(
    "text",
    ["[x](https://a.example/b?c=d&e=f)", "<https://a.example/b?c=d&e=f>"],
)
def test_a_link_leads_outside_without_recommending_it(text):
    html = markdown(text)
    assert 'href="https://a.example/b?c=d&amp;e=f"' in html
    assert 'rel="nofollow noopener noreferrer"' in html


def test_a_mail_address_is_a_link():
    assert 'href="mailto:team@a.example"' in markdown("<team@a.example>")


def test_an_image_is_a_link_to_it():
    html = markdown("![The *big* picture](https://a.example/x.png)")
    assert '<a href="https://a.example/x.png"' in html
    assert ">The big picture</a>" in html


def test_an_image_in_a_link_is_its_words():
    html = markdown("[![build](https://a.example/b.svg)](https://a.example/ci)")
    assert html.count("<a ") == 1
    assert 'href="https://a.example/ci"' in html
    assert ">build</a>" in html


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("# A\n## B\n# C", "343"),
        ("# A\n### B\n###### C", "345"),
        ("###### A", "3"),
        ("A\n=\nB\n-", "34"),
        ("# A\n## B\n### C\n#### D\n##### E", "34566"),
        ("> # A\n\n- ## B", "34"),
    ],
)
def test_headings_go_on_from_those_of_the_page(text, levels):
    assert "".join(re.findall(r"<h(\d)", markdown(text))) == levels


def test_blocks_have_the_direction_of_their_text():
    html = markdown("שלום\n\nHello\n\n- سلام")
    assert html.count('<p dir="auto">') == 2
    assert '<li dir="auto">سلام' in html


def test_tables_and_code_are_kept():
    html = markdown("|a|b|\n|-|-|\n|1|`2`|\n\n```\nx <y>\n```")
    assert {"table", "thead", "th", "td", "code", "pre"} <= Reader(html).tags
    assert "x &lt;y&gt;" in html


@pytest.mark.parametrize(
    "text",
    [
        "[" * MAX_LENGTH,
        "[a](" * 5_000,
        "![" * 10_000,
        ">" * MAX_LENGTH,
        "- " * 10_000,
        "*a " * 6_600,
        "a**b" * 5_000,
        "`a" * 10_000,
        "<" * MAX_LENGTH,
        "&" * MAX_LENGTH,
        "![](x)" * 3_300,
        "a|" * 90 + "\n" + "-|" * 90 + "\n" + "x|x|\n" * 3_900,
        "".join("  " * depth + "- x\n" for depth in range(130)),
        "[x]: y\n" * 2_800,
        "<b>" * 6_600,
    ],
)
def test_a_text_made_to_be_slow_is_not(text):
    started = perf_counter()
    html = markdown(text)
    assert perf_counter() - started < 5  # half a second where nothing else runs
    assert len(html) < 20 * MAX_LENGTH


def test_what_is_too_long_is_shown_as_it_was_written():
    html = markdown("**a** <b>\n" + "x" * MAX_LENGTH)
    assert "**a** &lt;b&gt;<br>" in html
