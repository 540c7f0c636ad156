from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotions.rules.repository_pattern import (
    InvalidPattern,
    RepositoryPattern,
    TargetPattern,
)
from repositories.registry import InvalidReference, RepositoryName

parse = RepositoryPattern.parse

TEXTS = st.text("ab/._-", max_size=9).map("a/{}".format)
NAMES = st.lists(
    st.sampled_from(["a", "b", "ab", "b.a", "a--b", "b__a"]), min_size=2, max_size=4
).map("/".join)
PATTERNS = st.text("ab/.-*", min_size=3, max_size=9).map("a{}".format)


def is_name(text: str) -> bool:
    try:
        RepositoryName.parse(text)
    except InvalidReference:
        return False
    return True


def parsed(text: str) -> RepositoryPattern | None:
    try:
        return parse(text)
    except InvalidPattern:
        return None


@pytest.mark.parametrize(
    ("pattern", "name", "answer"),
    [
        ("dev/website", "dev/website", True),
        ("dev/website", "dev/website2", False),
        ("dev/web.site", "dev/web-site", False),
        ("dev/*", "dev/website", True),
        ("dev/*", "dev/team/website", False),
        ("dev/**", "dev/website", True),
        ("dev/**", "dev/team/website", True),
        ("dev/**", "developers/website", False),
        ("dev/*/api", "dev/team/api", True),
        ("dev/**/api", "dev/team/app/api", True),
        ("dev/web*", "dev/web", True),
        ("dev-*/*", "dev-berlin/website", True),
        ("*/website", "qa/website", True),
        ("*/website", "qa/team/website", False),
        ("*/**", "qa/team/website", True),
    ],
)
def test_star_stops_at_a_slash_and_two_do_not(pattern, name, answer):
    assert parse(pattern).matches(name) is answer


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("website", 'The pattern "website" lacks a slash'),
        ("", 'The pattern "" lacks a slash'),
        ("**/website", "write \\* for any namespace"),
        ("dev/" + "a" * 297, "at most 300 characters, not 301"),
        ("dev/" + "*a" * 9, "at most 8 wildcards"),
        ("dev/", 'No repository matches "dev/": a name is'),
        ("dev//*", 'No repository matches "dev//\\*"'),
        ("dev/-*", 'No repository matches "dev/-\\*"'),
        ("dev/*._*", "No repository matches"),
        ("Dev/*", "No repository matches"),
        ("dev/[ab]", "No repository matches"),
        ("dev/web?", "No repository matches"),
        ("dev/a\n", "No repository matches"),
        ("dev/\ud800", "No repository matches"),
        ("dev/" + "a" * 252, "No repository matches"),
    ],
)
def test_pattern_that_no_name_matches_is_refused(pattern, said):
    with pytest.raises(InvalidPattern, match=said):
        parse(pattern)


@pytest.mark.parametrize("name", ["dev/" + "a" * 251, "a/b__c/d--e.f_g"])
def test_every_legal_name_is_the_pattern_of_itself(name):
    pattern = parse(name)
    assert pattern.names_repository
    assert pattern.matches(name)
    assert str(pattern) == name


@given(TEXTS)
def test_plain_pattern_is_accepted_exactly_when_the_registry_takes_the_name(text):
    assert (parsed(text) is not None) == is_name(text)


@pytest.mark.parametrize(
    ("one", "other", "answer"),
    [
        ("dev/website", "dev/website", True),
        ("dev/website", "dev/web*", True),
        ("dev/*", "qa/*", False),
        ("dev/*", "*/website", True),
        ("dev/*", "dev/team/*", False),
        ("dev/**", "dev/team/*", True),
        ("dev/*-api", "dev/web-*", True),
        ("dev/a*", "dev/*b", True),
        ("dev/a*", "dev/b*", False),
        ("dev/a.*", "dev/*.b", True),
        ("dev/a.*", "dev/a-*", False),
        ("dev/a_*", "dev/*_b", True),
        ("dev/a__*", "dev/a_b*", False),
        ("*/**", "qa/team/app/api", True),
        ("dev/*" + "a" * 130, "dev/" + "b" * 130 + "*", False),
        ("dev/*" + "a" * 125, "dev/" + "b" * 126 + "*", True),
    ],
)
def test_patterns_overlap_where_a_legal_name_matches_both(one, other, answer):
    assert parse(one).overlaps(parse(other)) is answer
    assert parse(other).overlaps(parse(one)) is answer


@given(PATTERNS, PATTERNS, NAMES)
def test_patterns_that_share_a_name_overlap(one, other, name):
    patterns = [pattern for text in (one, other) if (pattern := parsed(text))]
    if len(patterns) == 2 and all(p.matches(name) for p in patterns):
        assert patterns[0].overlaps(patterns[1])


@given(NAMES, st.data())
def test_patterns_made_from_one_name_overlap(name, data):
    def with_holes() -> RepositoryPattern | None:
        start = data.draw(st.integers(name.index("/") + 1, len(name)))
        end = data.draw(st.integers(start, len(name)))
        return parsed(f"{name[:start]}**{name[end:]}")

    one, other = with_holes(), with_holes()
    assert one is not None
    assert other is not None
    assert one.matches(name)
    assert one.overlaps(other)


def test_namespace_of_a_pattern_is_named_or_not():
    assert parse("dev/**").names_namespace
    assert parse("dev/**").namespace == "dev"
    assert not parse("dev-*/**").names_namespace
    assert not parse("dev/**").names_repository


@pytest.mark.parametrize(
    ("pattern", "namespace", "is_personal", "answer"),
    [
        ("*/**", "qa", False, True),
        ("q*/**", "qa", False, True),
        ("d*/**", "qa", False, False),
        ("dana/**", "dana", False, True),
        ("dana/**", "dana", True, True),
        ("*/**", "dana", True, False),
        ("dan*/**", "dana", True, False),
        ("dana/**", "dana2", True, False),
    ],
)
def test_personal_namespace_belongs_to_patterns_that_name_it(
    pattern, namespace, is_personal, answer
):
    assert parse(pattern).admits(namespace, is_personal=is_personal) is answer


@pytest.mark.parametrize(
    ("target", "made"),
    [
        ("qa/website", "qa/website"),
        ("qa/{repository}", "qa/team/api"),
        ("{namespace}-qa/{repository}", "dev-qa/team/api"),
        ("archive/{namespace}/{repository}/old", "archive/dev/team/api/old"),
    ],
)
def test_target_is_made_from_the_source(target, made):
    found = TargetPattern.parse(target).render(namespace="dev", repository="team/api")
    assert found == made


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("qa", 'The target "qa" lacks a slash'),
        ("qa/{name}", 'A target has no "{name}"; it knows {namespace} and'),
        ("qa/{}", 'A target has no "{}"'),
        ("qa/{namespace", "No repository is named"),
        ("qa/*", "No repository is named"),
        ("qa/-{repository}", "No repository is named"),
        ("QA/{repository}", "No repository is named"),
        ("{repository}/website", "has {repository} in its namespace"),
        ("qa/" + "a" * 298, "at most 300 characters"),
    ],
)
def test_target_that_can_name_no_repository_is_refused(target, said):
    with pytest.raises(InvalidPattern, match=said):
        TargetPattern.parse(target)


def test_target_too_long_for_the_registry_is_refused_when_made():
    target = TargetPattern.parse("qa/{repository}/{repository}")
    with pytest.raises(InvalidPattern, match="which names no repository"):
        target.render(namespace="dev", repository="a" * 130)


def test_target_says_what_it_takes_from_the_source():
    fixed, moving = map(TargetPattern.parse, ("qa/web", "{namespace}-qa/{repository}"))
    assert fixed.names_repository
    assert not fixed.uses_namespace
    assert not moving.names_repository
    assert moving.uses_namespace
    assert moving.namespace_part == "{namespace}-qa"


@pytest.mark.parametrize(
    ("target", "source", "pattern"),
    [
        ("qa/website", None, "qa/website"),
        ("qa/{repository}", None, "qa/**"),
        ("{namespace}-qa/{repository}", None, "*-qa/**"),
        ("qa/{repository}", "dev/app-*", "qa/app-*"),
        ("{namespace}-qa/{repository}", "dev-*/**", "dev-*-qa/**"),
    ],
)
def test_pattern_of_the_targets_follows_the_sources(target, source, pattern):
    sources = source and parse(source)
    found = TargetPattern.parse(target).as_repository_pattern(sources or None)
    assert found.text == pattern


@given(NAMES, PATTERNS)
def test_every_target_made_from_a_source_matches_the_pattern_of_targets(name, source):
    pattern = parsed(source)
    namespace, _, repository = name.partition("/")
    target = TargetPattern.parse("{namespace}-qa/{repository}/{namespace}")
    made = target.render(namespace=namespace, repository=repository)
    assert target.as_repository_pattern().matches(made)
    if pattern and pattern.matches(name):
        assert target.as_repository_pattern(pattern).matches(made)
