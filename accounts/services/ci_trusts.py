"""Trust the CI of a namespace: make trusts for its robots, and end them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.access import Action, Actor, TokenScope
from accounts.models import CITrust, TrustedIssuer
from accounts.models.ci_trust import LIFETIMES
from accounts.permissions import check
from accounts.services import audit
from accounts.services.access_tokens import checked_scopes
from accounts.services.ci_claims import check_patterns
from accounts.services.robots import require_person, require_responsible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import Robot


MAX_TRUSTS = 100  # of one robot: its page shows them all, and an exchange reads them


@dataclass(frozen=True, slots=True)
class WantedTrust:
    """What a new trust shall be: the issuer's address, patterns by claim, the token."""

    issuer: str
    claims: dict[str, Any]
    scopes: Iterable[TokenScope]
    lifetime_seconds: int = 900


def create(*, actor: Actor, robot: Robot, wanted: WantedTrust) -> CITrust:
    """Trust tokens of an issuer for a robot of a namespace that the actor administers.

    Needs a session or a password, and that the actor answers for the robot. Raises
    ValidationError for an issuer that no administrator allowed, and for claims that
    fit too much.
    """
    person = require_person(actor, robot.namespace)
    require_responsible(actor, robot)
    if robot.trusts.count() >= MAX_TRUSTS:
        message = f"“{robot}” has {MAX_TRUSTS} trusts, and may not have more: end one."
        raise ValidationError(message)
    issuer = _issuer(wanted.issuer)
    trust = CITrust(
        robot=robot,
        issuer=issuer,
        claims=check_patterns(wanted.claims, issuer.immutable_claims),
        scopes=checked_scopes(wanted.scopes),
        lifetime_seconds=_lifetime(wanted.lifetime_seconds),
        created_by=person,
    )
    with transaction.atomic():
        trust.save()
        _record(actor, "create", trust, after=_facts(trust))
    return trust


def delete(*, actor: Actor, trust: CITrust) -> None:
    """End a trust; the access tokens that came by it end at once."""
    require_person(actor, trust.robot.namespace)
    with transaction.atomic():
        _record(actor, "delete", trust, before=_facts(trust))
        trust.delete()


def is_in_force(trust: CITrust) -> bool:
    """Tell whether who made it may still answer for it."""
    maker = Actor(trust.created_by)
    return bool(check(maker, Action.ADMIN, trust.robot.namespace))


def _issuer(url: str) -> TrustedIssuer:
    rows = TrustedIssuer.objects.filter(is_enabled=True)
    found = rows.filter(url=url.replace("\0", "")).first()
    if found is None:
        allowed = ", ".join(rows.order_by("url").values_list("url", flat=True)[:10])
        message = (
            f"Tokens of “{url}” are not accepted here, but of these:"
            f" {allowed or 'none'}; an administrator can allow more."
        )
        raise ValidationError({"issuer": message})
    return found


def _lifetime(seconds: int) -> int:
    least, most = LIFETIMES
    if not least <= seconds <= most:
        message = f"The access token lives {least} to {most} seconds."
        raise ValidationError({"lifetime_seconds": message})
    return seconds


def _facts(trust: CITrust) -> dict[str, Any]:
    return {
        "robot": str(trust.robot),
        "issuer": trust.issuer.url,
        "claims": trust.claims,
        "scopes": trust.scopes,
        "lifetime_seconds": trust.lifetime_seconds,
    }


def _record(actor: Actor, action: str, trust: CITrust, **values: Any) -> None:
    namespace = trust.robot.namespace
    audit.record(
        actor=actor, action=action, subject=trust, namespace=namespace, **values
    )
