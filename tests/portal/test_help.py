"""The help says what the code does, and every page leads into it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.urls import reverse

from accounts.access import ACTIONS, AccessLevel, Action, TokenScope
from msr.help import page
from msr.help.markdown import read
from msr.help.pages import OF_STAFF, TOPICS
from msr.problems.kinds import KINDS
from promotions.models import PolicyVersion, Promotion
from promotions.rules import CODES, Field, Operator
from tests.factories import make_user

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
README = TEMPLATES.parent / "README.md"
LINK = re.compile(r"\{% block help %\}\s*(.*?)\s*\{% endblock(?: help)? %\}", re.DOTALL)
HREF = re.compile(r'href="([^"]*)"')


def pages() -> dict[str, str]:
    """Return the templates of whole pages of the portal, by their path."""
    texts = {
        str(path.relative_to(TEMPLATES)): path.read_text(encoding="utf-8")
        for path in TEMPLATES.rglob("*.html")
    }
    return {name: text for name, text in texts.items() if 'extends "base.html"' in text}


def leads_to(address: str) -> bool:
    """Tell whether the help has that topic, and that paragraph."""
    topic, _, anchor = address.partition("#")
    return topic in TOPICS and (not anchor or anchor in page(topic).anchors)


def test_every_page_leads_to_its_paragraph():
    without = [name for name, text in pages().items() if not LINK.search(text)]
    hint = "give them {% block help %}topic#anchor{% endblock %}"
    assert not without, f"{hint}: {without}"


def test_every_paragraph_that_a_page_leads_to_is_there():
    wrong = {
        name: address
        for name, text in pages().items()
        if (match := LINK.search(text)) and (address := match[1])
        if not address.startswith("{{") and not leads_to(address)
    }
    assert not wrong


def test_every_paragraph_that_an_error_leads_to_is_there():
    assert all(leads_to(kind.help) for kind in KINDS)


def test_a_page_shows_where_it_leads(client, db):
    answer = client.get(reverse("accounts:login")).content.decode()
    assert 'href="/help/signing-in#wrong"' in answer


@pytest.mark.parametrize("topic", TOPICS)
def test_links_between_topics_lead_somewhere(topic):
    others = [
        link
        for link in HREF.findall(page(topic).html)
        if not link.startswith(("/", "http"))
    ]
    wrong = [
        link
        for link in others
        if not leads_to(topic + link if link.startswith("#") else link)
    ]
    assert not wrong


@pytest.mark.parametrize("topic", TOPICS)
def test_links_to_pages_lead_somewhere(topic, client, db):
    client.force_login(make_user(name="ada", is_superuser=True))
    for link in HREF.findall(page(topic).html):
        if link.startswith("/"):
            assert client.get(link).status_code == 200, link


def test_all_files_are_topics():
    assert {path.stem for path in (TEMPLATES / "help").glob("*.md")} == set(TOPICS)


def test_anybody_reads_the_help_but_that_of_administrators(client):
    for topic in TOPICS:
        expected = 404 if topic in OF_STAFF else 200
        assert client.get(reverse("help_topic", args=[topic])).status_code == expected
    listed = client.get(reverse("help")).content.decode()
    assert "Getting started" in listed
    assert "Administration" not in listed


def test_staff_reads_that_of_administrators_too(client, db):
    ada = make_user(name="ada")
    ada.is_staff = True
    ada.save()
    client.force_login(ada)
    assert client.get(reverse("help_topic", args=["administration"])).status_code == 200
    assert "Administration" in client.get(reverse("help")).content.decode()


def test_there_is_no_topic_of_another_name(client):
    assert client.get("/help/../settings").status_code == 404
    assert client.get("/help/nothing").status_code == 404


def test_each_field_stands_there_with_its_operators():
    text = page("policies").html
    for field in Field:
        (row,) = re.findall(
            rf"<tr>\s*<td>[^\n]*<code>{field}</code>.*?</tr>", text, re.DOTALL
        )
        _, operators, hint, _ = re.findall(r"<td>(.*?)</td>", row, re.DOTALL)
        assert re.findall(r"<code>(\w+)</code>", operators) == [*field.operators]
        assert hint


def test_each_operator_is_explained():
    text = page("policies").html
    for operator in Operator:
        assert f"<td>{operator.label}</td>\n<td><code>{operator}</code></td>" in text


def test_each_code_of_templates_stands_there():
    text = page("templates").html
    assert len(CODES) == 19 + 4
    for code in CODES:
        assert f"<td><code>{code.code}</code></td>" in text


def test_each_level_has_its_actions():
    text = page("roles").html
    for level in AccessLevel:
        (cells,) = re.findall(
            rf"<td><strong>{level.label}</strong></td>(.*?)</tr>", text, re.DOTALL
        )
        allowed = [word == "yes" for word in re.findall(r"<td>(\w+)</td>", cells)]
        assert allowed == [action in ACTIONS[level] for action in Action]


def test_choices_and_states_are_those_of_the_models():
    said = page("conflicts").html + page("policies").html + page("tokens").html
    values = [
        *PolicyVersion.OnConflict.values,
        *PolicyVersion.OnMovedTag.values,
        *TokenScope.values,
    ]
    for value in values:
        assert f"<td><code>{value}</code></td>" in said
    for state in Promotion.State.values:
        assert f"<td>{state}</td>" in said


def test_settings_that_it_names_exist():
    listed = set(
        re.findall(r"^\| `(MSR_\w+)`", README.read_text("utf-8"), re.MULTILINE)
    )
    named = {
        name for topic in TOPICS for name in re.findall(r"MSR_\w+", page(topic).html)
    }
    assert named
    assert named <= listed


def test_a_heading_without_an_anchor_is_refused():
    with pytest.raises(ValueError, match="Codes"):
        read("# Title\n\nLead.\n\n## Codes\n")
    with pytest.raises(ValueError, match="Others"):
        read("# Title\n\nLead.\n\n## Codes {#codes}\n\n## Others {#codes}\n")


def test_html_in_it_is_shown_as_text():
    document = read(
        "# T\n\nL.\n\n## A {#a}\n\n<script>boom()</script> [x](javascript:boom())"
    )
    assert "<script" not in document.html
    assert 'href="javascript' not in document.html


def test_the_stylesheet_closes_what_it_opens():
    """One brace too few takes the rest of the design with it."""
    sheet = README.parent / "msr" / "static" / "msr" / "portal.css"
    depth = 0
    for number, line in enumerate(sheet.read_text("utf-8").splitlines(), 1):
        if line.startswith("/* ---"):
            assert depth == 0, f"a rule before line {number} is not closed"
        depth += line.count("{") - line.count("}")
    assert depth == 0
