"""What a scanner shows to the token server: good for one scan, and nothing else.

Nothing is stored: the password follows from the scan and SECRET_KEY, and is checked
again each time against how the scan stands.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from hmac import compare_digest
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.authentication import BadCredentials
from repositories.models import Scan, Scanner
from repositories.registry import Action, ResourceScope
from repositories.services.authorize import Grant
from repositories.services.registry import signer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from repositories.models import Repository

SALT = "repositories.services.scans.credentials"
# No account is called so: names have no plus sign.
_NAME = re.compile(r"scan\+(?P<uuid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


def issue(*, scan: Scan) -> tuple[str, str]:
    """Return the user name and the password by which a scanner pulls the image."""
    return f"scan+{scan.uuid}", _password(str(scan.uuid), settings.SECRET_KEY)


def is_of_a_scan(username: str) -> bool:
    """Tell whether the name is one that `issue` gave; no account can have it."""
    return _NAME.fullmatch(username) is not None


def authorize(*, username: str, secret: str, scopes: Iterable[ResourceScope]) -> Grant:
    """Sign a registry token to pull from the scan's repository, if that is asked.

    It ends with the scan's deadline. Raises BadCredentials when the password is wrong,
    the scan is over, its time is up, or its scanner was disabled.
    """
    scan = _scan(username, secret)
    if scan is None or scan.ends_by is None or scan.repository is None:
        raise BadCredentials
    now = timezone.now()
    seconds = int((scan.ends_by - now).total_seconds())
    if seconds <= 0:
        raise BadCredentials
    granted = _granted(scan.repository, scopes)
    lifetime = min(seconds, settings.TOKEN_LIFETIME)
    subject = f"scan:{scan.uuid}"
    return Grant(
        signer().sign(subject, granted, lifetime_seconds=lifetime, now=now), granted
    )


def _scan(username: str, secret: str) -> Scan | None:
    """Return the open scan of these credentials; the database is asked last."""
    match = _NAME.fullmatch(username)
    if match is None or not _is_right(match["uuid"], secret):
        return None
    rows = Scan.objects.open().select_related("repository__namespace")
    return rows.filter(
        uuid=UUID(match["uuid"]),
        repository__deleted_at__isnull=True,
        scanner__kind=Scanner.Kind.ADAPTER,
        scanner__is_enabled=True,
    ).first()


def _is_right(uuid: str, secret: str) -> bool:
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    given = secret.encode()
    return any(
        [compare_digest(given, _password(uuid, key).encode()) for key in keys]  # noqa: C419 - all are compared, whichever fits
    )


def _password(uuid: str, key: str) -> str:
    digest = salted_hmac(SALT, uuid, secret=key, algorithm="sha256").digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")


def _granted(
    repository: Repository, scopes: Iterable[ResourceScope]
) -> tuple[ResourceScope, ...]:
    own = ResourceScope.repository(repository.full_name, Action.PULL)
    return tuple(
        own
        for scope in scopes
        if (scope.type, scope.resource_class, scope.name)
        == (own.type, own.resource_class, own.name)
        and scope.actions & {Action.PULL, Action.ALL}
    )
