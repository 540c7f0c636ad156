"""The portal's own way to the registry: a client that mints its tokens in process."""

from __future__ import annotations

import secrets
import threading
import time
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.authentication import hash_secret
from accounts.permissions import require_administrator
from accounts.services import audit
from repositories.models import Registry
from repositories.registry import (
    RegistryClient,
    RegistryError,
    RepositoryName,
    ResourceScope,
    TokenSigner,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accounts.access import Actor
    from repositories.registry import SignedToken

NOT_FOUND = 404
RENEW_BEFORE_SECONDS = 30
SECRET_BYTES = 32
PORTAL_SUBJECT = "system:portal"  # no account is called so: names have no colon


@cache
def signer() -> TokenSigner:
    """Return the signer of registry tokens; raises when no key is configured."""
    if not (settings.TOKEN_KEY_FILE and settings.TOKEN_CERT_FILE):
        message = "Set MSR_TOKEN_KEY_FILE and MSR_TOKEN_CERT_FILE to sign tokens."
        raise ImproperlyConfigured(message)
    return TokenSigner.from_files(
        settings.TOKEN_KEY_FILE,
        settings.TOKEN_CERT_FILE,
        settings.TOKEN_ISSUER,
        settings.TOKEN_SERVICE,
    )


class PortalTokens:
    """Tokens for the portal's own requests, kept until shortly before they expire."""

    def __init__(self, subject: str = PORTAL_SUBJECT) -> None:
        self.subject = subject
        self._kept: dict[tuple[ResourceScope, ...], tuple[str, float]] = {}
        self._lock = threading.Lock()

    def __call__(self, scopes: tuple[ResourceScope, ...]) -> str:
        with self._lock:
            token, good_until = self._kept.get(scopes, ("", 0.0))
            if time.monotonic() >= good_until:
                signed = self._sign(scopes)
                token = signed.token
                good_until = time.monotonic() + signed.expires_in - RENEW_BEFORE_SECONDS
                self._kept = {scopes: (token, good_until)}
            return token

    def _sign(self, scopes: tuple[ResourceScope, ...]) -> SignedToken:
        return signer().sign(
            self.subject,
            scopes,
            lifetime_seconds=settings.TOKEN_LIFETIME,
            now=timezone.now(),
        )


@cache
def client() -> RegistryClient:
    """Return this process's client; its connections are kept and shared by threads."""
    return RegistryClient(
        settings.REGISTRY_URL,
        PortalTokens(),
        connect_timeout=settings.REGISTRY_CONNECT_TIMEOUT,
        read_timeout=settings.REGISTRY_READ_TIMEOUT,
    )


def client_for(subject: str) -> RegistryClient:
    """Return a client on the same connections whose tokens carry `subject`."""
    return client().with_tokens(PortalTokens(subject))


def iter_tags(name: RepositoryName) -> Iterator[str]:
    """List the tags of a repository, unchecked; none when the registry knows no such.

    A catalog names repositories into which only blobs were pushed so far, and of which
    the last tag was deleted; Distribution answers 404 when asked for their tags.
    """
    try:
        yield from client().iter_tags(name)
    except RegistryError as error:
        if error.status != NOT_FOUND:
            raise


def configure() -> Registry:
    """Bring the one Registry row in step with the settings.

    A changed notification secret stays valid beside the new one until the next change.
    """
    values = {
        "url": settings.REGISTRY_URL,
        "public_host": settings.REGISTRY_PUBLIC_HOST,
        "secret_hash": secret_hash(settings.NOTIFICATION_SECRET),
    }
    registry, created = Registry.objects.get_or_create(name="default", defaults=values)
    if not created and registry.secret_hash != values["secret_hash"]:
        values["previous_secret_hash"] = registry.secret_hash
    if not created:
        Registry.objects.filter(pk=registry.pk).update(**values)
    return registry


def rotate_secret(*, actor: Actor) -> str:
    """Make a new notification secret; the one before stays valid beside it.

    Needs an administrator. Returns the secret, which cannot be read again. Raises
    ValidationError while two are valid: the registry may still send the older one.
    """
    require_administrator(actor)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    with transaction.atomic():
        rows = Registry.objects.filter(previous_secret_hash="")
        changed = rows.update(
            previous_secret_hash=F("secret_hash"), secret_hash=secret_hash(secret)
        )
        if not changed:
            message = "Two secrets are valid already; forget the old one first."
            raise ValidationError(message)
        audit.record(
            actor=actor, action="rotate secret", subject=Registry.objects.get()
        )
    return secret


def forget_previous_secret(*, actor: Actor) -> None:
    """Let only the newest notification secret be valid; administrators only."""
    require_administrator(actor)
    with transaction.atomic():
        Registry.objects.update(previous_secret_hash="")
        audit.record(
            actor=actor, action="forget old secret", subject=Registry.objects.get()
        )


def secret_hash(secret: str) -> str:
    """Return what is stored of a notification secret; empty for no secret."""
    return hash_secret(secret) if secret else ""
