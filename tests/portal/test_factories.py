from __future__ import annotations

from tests.factories import make_index, make_policy, make_tag, tag_rule


def test_factories_build_what_the_portal_shows(source, target):
    index = make_index(repository=source, platforms=("linux/amd64", "linux/arm64"))
    tag = make_tag(repository=source, name="1.0-stable", manifest=index)
    policy = make_policy(
        source=source, target=target, rules=[tag_rule("ew", "-stable")]
    )
    assert tag.current_move.to_manifest == index
    assert policy.current_version.target_repository == "qa/website"
