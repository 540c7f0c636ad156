"""News of what is attached to images, on which rules may depend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from repositories.models import AttachmentNotice
from repositories.registry import TagName
from repositories.signals import attachment_changed

if TYPE_CHECKING:
    from repositories.models import Repository


def note_change(*, repository: Repository, digest: str) -> None:
    """Have policies asked again about an image; call it in the change's transaction."""
    notice, _ = AttachmentNotice.objects.update_or_create(
        repository=repository,
        subject_digest=digest,
        defaults={"changed_at": timezone.now(), "noticed_at": None},
    )
    attachment_changed.send(sender=AttachmentNotice, notice_id=notice.pk)


def note_tag(*, repository: Repository, tag: str) -> None:
    """Do the same for a tag that came, moved or went, if it is of an attachment."""
    digest = TagName.parse(tag).attached_to
    if digest is not None:
        note_change(repository=repository, digest=str(digest))


def set_noticed(*, notice: AttachmentNotice) -> None:
    """Note that policies were asked again, unless there is more news since."""
    rows = AttachmentNotice.objects.filter(pk=notice.pk, changed_at=notice.changed_at)
    rows.update(noticed_at=timezone.now())
