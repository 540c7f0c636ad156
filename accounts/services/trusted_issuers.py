"""Allow issuers of CI tokens; administrators only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import TrustedIssuer
from accounts.permissions import require_administrator
from accounts.services import audit
from accounts.services.ci_claims import NAME, OWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accounts.access import Actor

# Issuers at which anybody has jobs, and claims of which one at least must be asked for:
# who is given a name there that was somebody else's has another number.
OPEN_TO_ALL: Mapping[str, tuple[str, ...]] = {
    "https://token.actions.githubusercontent.com": (
        "repository_id",
        "repository_owner_id",
    ),
    "https://gitlab.com": ("project_id", "namespace_id"),
}


def create(*, actor: Actor, url: str, immutable_claims: Any) -> TrustedIssuer:
    """Let trusts be made on an issuer.

    Raises ValidationError, also for one at which anybody has jobs where no claim is
    asked for that tells them apart.
    """
    require_administrator(actor)
    checked = _checked_url(url)
    names = _checked_names(immutable_claims, checked)
    issuer = TrustedIssuer(url=checked, immutable_claims=names)
    issuer.full_clean()
    with transaction.atomic():
        issuer.save()
        _record(actor, "create", issuer)
    return issuer


def update(
    *, actor: Actor, issuer: TrustedIssuer, immutable_claims: Any, is_enabled: bool
) -> TrustedIssuer:
    """Ask for other claims, disable or enable it.

    Trusts that do not name the claims, or whose issuer is disabled, let nobody in.
    """
    require_administrator(actor)
    before = _facts(issuer)
    issuer.immutable_claims = _checked_names(immutable_claims, issuer.url)
    issuer.is_enabled = is_enabled
    with transaction.atomic():
        issuer.save(update_fields=["immutable_claims", "is_enabled"])
        _record(actor, "update", issuer, before)
    return issuer


def _checked_url(url: str) -> str:
    """Return the address as it is: an `iss` is compared to the letter."""
    try:
        parts = urlsplit(url)
        bare = not (parts.username or parts.query or parts.fragment or parts.port == 0)
    except ValueError:
        parts, bare = urlsplit(""), False
    if parts.scheme != "https" or not parts.hostname or not bare or " " in url:
        message = "An issuer is an https address without query, such as"
        raise ValidationError({"url": f"{message} https://ci.example.com."})
    return url


def _checked_names(names: Any, url: str) -> list[str]:
    known = isinstance(names, list) and all(
        isinstance(name, str) and NAME.fullmatch(name) and name not in OWN
        for name in names
    )
    if not known:
        message = 'Write a list of claims, such as ["repository_id"].'
        raise ValidationError({"immutable_claims": message})
    _refuse_open_to_all(names, url)
    return sorted(set(names))


def _refuse_open_to_all(names: list[str], url: str) -> None:
    wanted = OPEN_TO_ALL.get(url.rstrip("/"), ())
    if wanted and not set(wanted) & set(names):
        message = (
            f"Anybody has jobs at {url}: ask for {' or '.join(wanted)}, so that no"
            " trust lets in jobs of strangers."
        )
        raise ValidationError({"immutable_claims": message})


def _facts(issuer: TrustedIssuer) -> dict[str, Any]:
    return {
        "url": issuer.url,
        "immutable_claims": issuer.immutable_claims,
        "is_enabled": issuer.is_enabled,
    }


def _record(
    actor: Actor,
    action: str,
    issuer: TrustedIssuer,
    before: dict[str, Any] | None = None,
) -> None:
    audit.record(
        actor=actor,
        action=action,
        subject=issuer,
        before=before,
        after=_facts(issuer),
    )
