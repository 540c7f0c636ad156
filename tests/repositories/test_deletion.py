"""Deleting tags and repositories in a registry that deletes by digest only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404

from accounts.access import SYSTEM, AccessLevel, Actor
from accounts.models import AuditEvent
from repositories import tasks
from repositories.models import Repository, TagMove
from repositories.registry import Digest, RegistryError, RepositoryName, TagName
from repositories.services import deletion
from repositories.services import registry as registry_service
from repositories.services import repositories as repository_services
from tests.factories import grant, make_repository, make_tag, make_user
from tests.repositories.conftest import moves_of, points_to
from tests.repositories.events import ingested

if TYPE_CHECKING:
    from collections.abc import Callable

    from repositories.models import Tag
    from tests.live_registry import Image, LiveRegistry

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def old_tokens_are_over(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no token from before a deletion be good any more."""
    monkeypatch.setattr(deletion, "TOKEN_LEEWAY_SECONDS", -settings.TOKEN_LIFETIME - 1)


@pytest.fixture
def push(registry: LiveRegistry, repository: Repository) -> Callable[..., Tag]:
    """Push an image, and take the push in."""

    def push(image: Image, tag: str = "1.0") -> Tag:
        digest = registry.push(image, repository.full_name, tag)
        ingested(repository=repository.full_name, tag=tag, digest=digest)
        return repository.tags.get(name=tag)

    return push


def in_registry(registry: LiveRegistry, repository: Repository, tag: str) -> bool:
    name = RepositoryName.parse(repository.full_name)
    return registry.client.head_manifest(name, TagName.parse(tag)) is not None


def test_a_tag_goes_and_its_siblings_stay(registry, push, repository, make_image):
    image = make_image("a")
    tag, sibling = push(image), push(image, "1.0-too")

    deletion.delete_tag(actor=SYSTEM, tag=tag)

    assert not in_registry(registry, repository, "1.0")
    assert in_registry(registry, repository, "1.0-too")
    assert [row.name for row in repository.tags.all()] == ["1.0-too"]
    assert moves_of(repository, "1.0") == [tag.manifest.digest, None]
    assert points_to(repository, "1.0-too") == sibling.manifest.digest
    assert AuditEvent.objects.filter(action="delete").exists()


def test_a_tag_the_registry_lost_already_goes_too(registry, push, make_image):
    tag = push(make_image("a"))
    name = RepositoryName.parse(tag.repository.full_name)
    registry.client.delete_manifest(name, Digest.parse(tag.manifest.digest))
    deletion.delete_tag(actor=SYSTEM, tag=tag)
    assert not tag.repository.tags.exists()


def test_a_manifest_goes_with_all_of_its_tags(registry, push, repository, make_image):
    image, other = make_image("a"), push(make_image("b"), "2.0")
    tag = push(image)
    push(image, "1.0-too")

    deletion.delete_manifest(actor=SYSTEM, repository=repository, manifest=tag.manifest)

    assert not in_registry(registry, repository, "1.0")
    assert not in_registry(registry, repository, "1.0-too")
    assert in_registry(registry, repository, "2.0")
    assert list(repository.tags.all()) == [other]
    assert moves_of(repository, "1.0-too") == [tag.manifest.digest, None]


def test_a_push_in_the_middle_of_a_deletion_stays_known(
    push, repository, make_image, monkeypatch
):
    """It came after the registry had deleted, and its row was written before ours."""
    tag, later = push(make_image("a")), make_image("b")
    delete = deletion._delete_in_registry

    def delete_then_push(*arguments: Any) -> None:
        delete(*arguments)
        push(later)

    monkeypatch.setattr(deletion, "_delete_in_registry", delete_then_push)
    deletion.delete_tag(actor=SYSTEM, tag=tag)

    assert points_to(repository, "1.0") == str(later.manifest.digest)


def test_where_the_registry_forbids_deletions_the_tag_stays(sick_registry, repository):
    """The tag must not end on what was to take its place."""
    written: list[str] = []

    def answer(handler: Any) -> None:
        if handler.command == "PUT":
            written.append(handler.path.rpartition("/")[2])
            digest = str(Digest.of(handler.content))
            handler.reply(201, Docker_Content_Digest=digest)
        else:
            handler.reply(405)

    sick_registry(answer)
    tag = make_tag(repository=repository, name="1.0")

    with pytest.raises(RegistryError) as refused:
        deletion.delete_tag(actor=SYSTEM, tag=tag)

    assert refused.value.code == "UNSUPPORTED"
    assert "1.0" not in written
    assert points_to(repository, "1.0") == tag.manifest.digest


def test_while_the_registry_is_away_nothing_is_deleted(sick_registry, repository):
    sick_registry(lambda handler: handler.reply(503))
    tag = make_tag(repository=repository, name="1.0")
    with pytest.raises(RegistryError):
        deletion.delete_tag(actor=SYSTEM, tag=tag)
    assert points_to(repository, "1.0") == tag.manifest.digest
    assert not AuditEvent.objects.filter(action="delete").exists()


def test_deleting_needs_the_right_to(push, repository, make_image):
    tag, stranger, reader = push(make_image("a")), make_user(), make_user()
    grant(to=reader, on=repository, level=AccessLevel.READ_ONLY)
    with pytest.raises(Http404):
        deletion.delete_tag(actor=Actor(stranger), tag=tag)
    with pytest.raises(PermissionDenied):
        deletion.delete_tag(actor=Actor(reader), tag=tag)
    assert points_to(repository, "1.0") == tag.manifest.digest


# --- Repositories -------------------------------------------------------------------


def delete(repository: Repository) -> None:
    repository_services.delete(actor=SYSTEM, repository=repository)
    repository.refresh_from_db()


def test_the_name_of_a_deleted_repository_is_free_when_the_registry_is_empty(
    registry, push, repository, make_image
):
    name = repository.full_name
    push(make_image("a"))
    push(make_image("b"), "2.0")
    registry.push(make_image("c"), name, "never-reported")
    delete(repository)
    with pytest.raises(ValidationError, match="free again"):
        make_repository(name=name)

    tasks.purge_deleted()

    assert list(registry_service.iter_tags(RepositoryName.parse(name))) == []
    again = make_repository(name=name)
    assert again.pk != repository.pk
    assert not again.tags.exists()
    assert not TagMove.objects.filter(repository=again).exists()
    assert not again.held_manifests.exists()
    assert TagMove.objects.filter(repository=repository).count() == 2


def test_what_was_pushed_to_the_old_repository_is_a_push_to_the_new(
    push, repository, make_image, announced, registry
):
    """The digest is known from the old one, but the new one does not hold it."""
    image, name = make_image("a"), repository.full_name
    push(image)
    delete(repository)
    assert deletion.purge(repository=repository)
    again = make_repository(name=name)

    digest = registry.push(image, name, "1.0")
    ingested(repository=name, digest=digest)

    assert points_to(again, "1.0") == str(digest)
    assert [move.repository for move in announced] == [repository, again]


def test_while_the_registry_is_away_the_name_stays_reserved(
    push, repository, make_image, sick_registry
):
    push(make_image("a"))
    delete(repository)
    sick_registry(lambda handler: handler.reply(503))

    tasks.purge_deleted()

    repository.refresh_from_db()
    assert repository.purged_at is None
    with pytest.raises(ValidationError, match="free again"):
        make_repository(name=repository.full_name)


def test_a_repository_nothing_was_pushed_to_is_purged(registry, repository):
    name = repository.full_name
    delete(repository)
    assert deletion.purge(repository=repository)
    make_repository(name=name)


def test_while_tokens_from_before_are_good_the_name_stays_reserved(
    registry, repository, monkeypatch
):
    monkeypatch.setattr(deletion, "TOKEN_LEEWAY_SECONDS", 60)
    delete(repository)
    assert not deletion.purge(repository=repository)
    with pytest.raises(ValidationError, match="free again"):
        make_repository(name=repository.full_name)


def test_an_immutable_tag_is_not_deleted(push, repository, make_image):
    tag = push(make_image("immutable"))
    repository_services.update(
        actor=SYSTEM, repository=repository, immutable_tags=["*"]
    )
    tag.repository.refresh_from_db()
    with pytest.raises(PermissionDenied, match="immutable"):
        deletion.delete_tag(actor=SYSTEM, tag=tag)


def test_the_longest_names_are_given_free_too(registry, db):
    name = f"dev/{'n' * 200}"
    for _ in range(2):
        repository = make_repository(name=name)
        delete(repository)
        assert deletion.purge(repository=repository)
