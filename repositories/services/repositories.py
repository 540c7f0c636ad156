"""Create, change, adopt and delete repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.access import Action
from accounts.permissions import require
from accounts.services import audit
from repositories.models import EventType, Repository
from repositories.services.webhooks import telling
from repositories.validators import validate_full_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.access import Actor
    from accounts.models import AuditEvent, Namespace

EDITABLE = (
    "visibility",
    "scan_on_push",
    "scanners",
    "immutable_tags",
    "promotions_only",
    "tag_limit",
    "enable_manifest_lists",
    "short_description",
    "long_description",
)

LISTS = ("scanners", "immutable_tags")


def create(
    *, actor: Actor, namespace: Namespace, name: str, **values: Any
) -> Repository:
    """Create a repository; needs admin on the namespace.

    `values` are any of EDITABLE; whether it scans on push is a setting, unless it is
    said. Raises ValidationError when the name is taken, still
    reserved by a deleted repository, or not allowed.
    """
    require(actor, Action.ADMIN, namespace)
    values.setdefault("scan_on_push", settings.SCAN_ON_PUSH)
    repository = Repository(namespace=namespace, name=name, **_known(values))
    _validate(repository)
    try:
        with transaction.atomic():
            repository.save()
            entry = audit.record(
                actor=actor,
                action="create",
                subject=repository,
                namespace=namespace,
                after=_shown(repository),
            )
            _tell(repository, EventType.REPO_CREATED, entry)
    except IntegrityError as error:
        raise _taken(namespace, name) from error
    return repository


def adopt(*, actor: Actor, namespace: Namespace, name: str) -> Repository | None:
    """Take in, private, what the registry holds under the namespace.

    None when the name belongs to a repository that was deleted here.
    """
    try:
        repository = create(actor=actor, namespace=namespace, name=name)
    except ValidationError:
        repository = None
    if repository is not None:
        return repository
    rows = Repository.objects.select_related("namespace").live()
    return rows.filter(namespace=namespace, name=name).first()


def is_adoptable(*, namespace: Namespace, name: str) -> bool:
    """Tell whether `adopt` would make a repository of that name, were it free."""
    try:
        _validate(Repository(namespace=namespace, name=name), exclude=["namespace"])
    except ValidationError:
        return False
    return True


def _validate(repository: Repository, exclude: Iterable[str] = ()) -> None:
    repository.full_clean(
        exclude=list(exclude), validate_unique=False, validate_constraints=False
    )
    validate_full_name(repository.namespace.name, repository.name)


def update(*, actor: Actor, repository: Repository, **values: Any) -> Repository:
    """Change any of EDITABLE; needs admin on the repository."""
    require(actor, Action.ADMIN, repository)
    before = _shown(repository)
    for field, value in _known(values).items():
        setattr(repository, field, value)
    repository.full_clean(validate_unique=False, validate_constraints=False)
    after = _shown(repository)
    with transaction.atomic():
        repository.save(update_fields=list(EDITABLE))
        entry = audit.record(
            actor=actor,
            action="update",
            subject=repository,
            namespace=repository.namespace,
            before={key: before[key] for key in before if before[key] != after[key]},
            after={key: after[key] for key in after if before[key] != after[key]},
        )
        _tell(repository, EventType.REPO_UPDATED, entry)
    return repository


def delete(*, actor: Actor, repository: Repository) -> None:
    """Delete a repository: nobody sees or reaches it from now on.

    Its name stays reserved until the registry holds nothing under it any more. Its own
    webhooks end with it; those of the namespace are told.
    """
    require(actor, Action.ADMIN, repository)
    with transaction.atomic():
        Repository.objects.filter(pk=repository.pk, deleted_at__isnull=True).update(
            deleted_at=timezone.now()
        )
        entry = audit.record(
            actor=actor,
            action="delete",
            subject=repository,
            namespace=repository.namespace,
            before=_shown(repository),
        )
        repository.webhooks.all().delete()
        _tell(repository, EventType.REPO_DELETED, entry)


def _tell(repository: Repository, event_type: EventType, entry: AuditEvent) -> None:
    telling.repository_changed(
        repository, event_type, author=entry.actor, key=entry.uuid
    )


def held_in(namespace: Namespace) -> str:
    """Say what a namespace holds, so that it is not closed above it; "" is nothing."""
    rows = Repository.objects.live().filter(namespace=namespace).order_by("name")
    count, first = rows.count(), rows.first()
    if first is None:
        return ""
    others = f" and {count - 1} more" if count > 1 else ""
    return f"“{first}”{others} must be deleted first; their images are deleted too."


def _known(values: dict[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(values) - set(EDITABLE))
    if unknown:
        message = f"A repository has no field “{unknown[0]}” that can be set."
        raise ValidationError(message)
    # A form that is left empty says None of a list.
    return {
        name: [] if value is None and name in LISTS else value
        for name, value in values.items()
    }


def _shown(repository: Repository) -> dict[str, Any]:
    return {field: getattr(repository, field) for field in EDITABLE}


def _taken(namespace: Namespace, name: str) -> ValidationError:
    rows = Repository.objects.filter(namespace=namespace, name=name)
    if rows.filter(deleted_at__isnull=False).exists():
        message = (
            f"“{namespace}/{name}” was deleted a moment ago; its name is free again"
            " when the registry has removed the images."
        )
        return ValidationError(message, code="name_reserved")
    message = f"“{namespace}/{name}” exists already."
    return ValidationError(message, code="repository_exists")
