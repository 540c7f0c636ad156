"""Names in a registry."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repositories.registry import Digest, InvalidReference, RepositoryName, TagName

SHA256 = "0123456789abcdef" * 4


@pytest.mark.parametrize("kind", [Digest, RepositoryName, TagName])
@given(text=st.text(max_size=300))
def test_any_text_is_kept_or_refused_with_a_sentence(kind, text):
    try:
        kept = str(kind.parse(text))
    except InvalidReference as error:
        sentence = str(error)
    else:
        assert kept == text
        return
    assert sentence.endswith(".")
    assert len(sentence) < 400


@given(st.from_regex(r"[a-z0-9]+([._-][a-z0-9]+)*(/[a-z0-9]+)*", fullmatch=True))
def test_a_repository_name_is_its_namespace_and_the_rest(text):
    if len(text) <= 255:
        name = RepositoryName.parse(text)
        assert RepositoryName.of(name.namespace, name.name) == name
        assert "/" not in name.namespace


def test_the_name_may_hold_slashes_or_be_absent():
    assert RepositoryName.parse("team/app/api").name == "app/api"
    alone = RepositoryName.parse("website")
    assert (alone.namespace, alone.name) == ("website", "")


@pytest.mark.parametrize(
    "text", ["a", "a/b", "a__b/c", "a---b", "a.b", "0/1", "a" * 255]
)
def test_legal_repository_names(text):
    assert str(RepositoryName.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        *[
            "/",
            "a/",
            "/a",
            "a//b",
            "A/b",
            "a/../b",
            "a..b",
            "a___b",
            "-a",
            "a_",
            "a:b",
            "ä",
        ],
        "",
        "a\n",
        "a b",
        "a" * 256,
    ],
)
def test_illegal_repository_names(text):
    with pytest.raises(InvalidReference, match="repository name"):
        RepositoryName.parse(text)


@pytest.mark.parametrize("text", ["a", "_", "1.2.3-rc.1", "A" * 128])
def test_legal_tags(text):
    assert str(TagName.parse(text)) == text


@pytest.mark.parametrize("text", ["", ".a", "-a", "a/b", "a:b", "a\n", "é", "A" * 129])
def test_illegal_tags(text):
    with pytest.raises(InvalidReference, match="is not legal"):
        TagName.parse(text)


@pytest.mark.parametrize("suffix", ["", ".sig", ".att", ".sbom"])
def test_tags_of_attachments(suffix):
    assert TagName.parse(f"sha256-{SHA256}{suffix}").is_attachment


@pytest.mark.parametrize(
    "text", ["latest", f"sha256-{SHA256[1:]}", f"sha256-{SHA256}.txt", f"v{SHA256}.sig"]
)
def test_tags_of_images(text):
    assert not TagName.parse(text).is_attachment


def test_a_digest_knows_its_content():
    digest = Digest.of(b"content")
    assert digest.matches(b"content")
    assert not digest.matches(b"other")
    assert (digest.algorithm, len(digest.hex)) == ("sha256", 64)
    long = Digest.parse(f"sha512:{SHA256}{SHA256}")
    assert long.hasher().name == "sha512"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sha256",
        SHA256,
        "sha256:",
        f"sha256:{SHA256[1:]}",
        f"sha256:{SHA256}0",
        f"sha256:{SHA256.upper()}",
        f"sha512:{SHA256}",
        f"md5:{SHA256[:32]}",
        f"sha256:{SHA256}\n",
    ],
)
def test_illegal_digests(text):
    with pytest.raises(InvalidReference):
        Digest.parse(text)
