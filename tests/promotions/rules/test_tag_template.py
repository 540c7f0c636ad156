from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotions.rules import (
    CODES,
    InvalidTemplate,
    TagTemplate,
    TemplateContext,
    load_zone,
    with_suffix,
)
from promotions.rules.tag_grammar import is_tag

CONTEXT = TemplateContext(
    tag="1.4-stable",
    now=datetime(2026, 1, 4, 17, 8, 59, 123, tzinfo=UTC),
    digest="sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    namespace="dev",
    repository="team/app/api",
    groups=("1", "4"),
)
MSR_CODES = [f"%{letter}" for letter in "nAawdBbmYyHIpMSfZjW"]
STRFTIME_CODES = [code for code in MSR_CODES if code != "%n"]


def render(text: str, zone: str = "UTC", **changes: Any) -> str:
    return TagTemplate.parse(text).render(replace(CONTEXT, **changes), zone)


CODES_RENDERED = {
    "%n": "1.4-stable",
    "%A": "Sunday",
    "%a": "Sun",
    "%w": "0",
    "%d": "04",
    "%B": "January",
    "%b": "Jan",
    "%m": "01",
    "%Y": "2026",
    "%y": "26",
    "%H": "17",
    "%I": "05",
    "%p": "PM",
    "%M": "08",
    "%S": "59",
    "%f": "000123",
    "%Z": "UTC",
    "%j": "004",
    "%W": "00",
    "%{digest}": "9f86d081884c",
    "%{namespace}": "dev",
    "%{repository}": "team-app-api",
    "%{1}": "1",
}


@pytest.mark.parametrize("code", CODES_RENDERED)
def test_code_is_replaced(code):
    assert render(code) == CODES_RENDERED[code]


def test_every_documented_code_is_tested_by_name():
    assert list(CODES_RENDERED) == [code.code for code in CODES]


@pytest.mark.parametrize(
    ("template", "tag"),
    [
        ("%{2}", "4"),
        ("%{1}.%{2}-%{1}", "1.4-1"),
        ("%Y%m%d-%H%M%S", "20260104-170859"),
        ("release_%n.%y", "release_1.4-stable.26"),
        ("n", "n"),
    ],
)
def test_codes_stand_among_text(template, tag):
    assert render(template) == tag


@pytest.mark.parametrize(
    ("hour", "shown"), [(0, "12AM"), (1, "01AM"), (12, "12PM"), (23, "11PM")]
)
def test_twelve_hour_clock(hour, shown):
    assert render("%I%p", now=CONTEXT.now.replace(hour=hour)) == shown


@pytest.mark.parametrize(
    ("zone", "tag"),
    [
        ("UTC", "04-17-UTC"),
        ("Europe/Berlin", "04-18-CET"),
        ("Pacific/Auckland", "05-06-NZDT"),
        ("Asia/Kathmandu", "04-22-UTC0545"),
        ("America/Sao_Paulo", "04-14-UTC-03"),
    ],
)
def test_time_is_told_in_the_zone(zone, tag):
    assert render("%d-%H-%Z", zone) == tag


@pytest.mark.parametrize("zone", ["Mars/Olympus", "+03", "", "../etc/passwd", "\0"])
def test_unknown_zone_is_refused(zone):
    with pytest.raises(InvalidTemplate, match="There is no time zone"):
        load_zone(zone)


def test_values_are_not_expanded_again():
    with pytest.raises(InvalidTemplate, match='makes "%Y", which is no tag'):
        render("%n", tag="%Y")


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (None, "A tag template is a text"),
        ("", "The tag template is empty"),
        ("%n" * 257, "at most 512 characters"),
        ("v%n-%q", 'There is no code "%q" (character 5); the codes are %n %A'),
        ("%n%", 'There is no code "%" (character 3)'),
        ("%{digest", 'There is no code "%{digest" (character 1)'),
        ("%{tag}", 'There is no code "%{tag}" (character 1)'),
        ("%{0}", 'There is no code "%{0}"'),
        ("%{100}", 'There is no code "%{100}"'),
        ("%\n", "There is no code"),
        ("5%%", "The %% at character 2 stands for a percent sign, which no tag"),
        ("%n beta", 'No tag contains " " (character 3)'),
        ("%n/é", 'No tag contains "/" (character 3)'),
        ("-%n", 'No tag starts with "-"'),
        (".", 'No tag starts with "."'),
        ("x" * 129, "tags of 129 characters or more; a tag has at most 128."),
        ("%n" + "x" * 128, "tags of 129 characters or more"),
    ],
)
def test_template_that_never_makes_a_tag_is_refused(template, said):
    with pytest.raises(InvalidTemplate) as refused:
        TagTemplate.parse(template)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("template", "changes", "said"),
    [
        ("%n-promoted", {"tag": "v" * 128}, "which is no tag"),
        ("%{1}-x", {"groups": ("",)}, 'makes "-x", which is no tag'),
        ("%{3}", {}, "%{3} asks for group 3"),
    ],
)
def test_template_is_checked_again_when_used(template, changes, said):
    with pytest.raises(InvalidTemplate) as refused:
        render(template, **changes)
    assert said in str(refused.value)


def test_template_tells_what_it_uses():
    template = TagTemplate.parse("%n-%{2}-%{10}-%n")
    assert template.codes == ("%n", "%{2}", "%{10}")
    assert template.highest_group == 10
    assert not template.uses_time
    assert TagTemplate.parse("%n").highest_group == 0


@pytest.mark.parametrize("code", STRFTIME_CODES)
def test_every_time_code_counts_as_time(code):
    assert TagTemplate.parse(f"%n-{code}").uses_time


def test_documented_codes_are_msrs_nineteen_and_ours():
    documented = [code.code for code in CODES]
    assert documented[:19] == MSR_CODES
    assert documented[19:] == ["%{digest}", "%{namespace}", "%{repository}", "%{1}"]
    assert all(render(code.code) for code in CODES)


def test_naive_time_is_refused():
    with pytest.raises(ValueError, match="needs a time zone"):
        replace(CONTEXT, now=CONTEXT.now.replace(tzinfo=None))


def test_suffix_keeps_the_tag_legal():
    assert with_suffix("20260104", 2) == "20260104-2"
    assert with_suffix("v" * 128, 10) == "v" * 125 + "-10"


MOMENTS = st.timedeltas(timedelta(0), timedelta(days=365 * 200)).map(
    lambda since: datetime(2000, 1, 1, tzinfo=UTC) + since
)
PIECES = st.sampled_from(
    [*MSR_CODES, *(code.code for code in CODES), "%%", "%{9}", "%", "-", ".", "v"]
)
TEMPLATES = st.text() | st.lists(PIECES | st.text(max_size=2), max_size=9).map("".join)
CONTEXTS = st.builds(
    TemplateContext,
    tag=st.text(max_size=130),
    now=MOMENTS,
    digest=st.just(CONTEXT.digest),
    namespace=st.text(max_size=3),
    repository=st.text(max_size=9),
    groups=st.lists(st.text(max_size=3), max_size=3),
)
ZONES = st.sampled_from(["UTC", "Asia/Kathmandu", "America/Sao_Paulo", "No/Where"])


@given(TEMPLATES, CONTEXTS, ZONES)
def test_template_makes_a_legal_tag_or_is_refused(text, context, zone):
    try:
        tag = TagTemplate.parse(text).render(context, zone)
    except InvalidTemplate:
        tag = "refused"
    assert is_tag(tag)


@given(MOMENTS)
def test_time_codes_agree_with_strftime(now):
    template = "_".join(STRFTIME_CODES)
    assert render(template, now=now) == now.strftime(template)


@given(
    st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", fullmatch=True),
    st.integers(2, 10_000),
)
def test_suffixed_tag_is_legal_and_different(tag, n):
    assert is_tag(with_suffix(tag, n))
    assert with_suffix(tag, n).endswith(f"-{n}")
