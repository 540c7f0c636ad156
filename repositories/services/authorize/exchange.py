"""Exchange the identity token of a CI job for a short access token of a robot.

RFC 8693. Who sends one hears the same words whatever was wrong with it; the log and the
audit log have the reason.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.access import SYSTEM, Actor
from accounts.models import (
    AccessToken,
    AuditEvent,
    CITrust,
    TrustedIssuer,
    UsedAssertion,
)
from accounts.services import access_tokens, audit
from accounts.services.ci_claims import failing_claim, missing_immutable
from accounts.services.ci_trusts import is_in_force
from repositories.services.authorize.assertion import (
    MAX_AGE,
    NotAccepted,
    read,
    verified,
)

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from accounts.services.access_tokens import IssuedToken
    from repositories.services.authorize.assertion import Assertion

log = structlog.get_logger()

REMEMBERED = timedelta(seconds=2 * MAX_AGE)  # longer than a token can be used again
KEPT = timedelta(days=7)  # ended access tokens of CI, to be looked at
AUDITED_AGAIN = timedelta(minutes=1)
REFUSED = "refuse CI login"


class ExchangeRefused(Exception):
    """The token is not exchanged; `reason` is for the log alone."""

    sentence = (
        "This identity token is not accepted. The portal's log says why; ask an admin"
        " of the namespace."
    )

    def __init__(self, reason: str) -> None:
        super().__init__(self.sentence)
        self.reason = reason


def exchange(*, token: str, trust: str = "", agent: str = "") -> IssuedToken:
    """Return a new access token of the robot whose trust fits the token.

    `trust` is the trust's UUID; without it the one that fits is taken, if it is only
    one. Raises ExchangeRefused.
    """
    attempt = _Attempt()
    try:
        return attempt.run(token, trust, agent)
    except NotAccepted as error:
        attempt.note(str(error))
        raise ExchangeRefused(str(error)) from error


def forget_used() -> None:
    """Drop what cannot be used again, and tokens of CI that ended long ago."""
    now = timezone.now()
    UsedAssertion.objects.filter(expires_at__lt=now).delete()
    AccessToken.objects.filter(
        generated_by=AccessToken.Origin.AUTO, expires_at__lt=now - KEPT
    ).delete()


class _Attempt:
    """One attempt; remembers how far it came, for the log."""

    def __init__(self) -> None:
        self.issuer: TrustedIssuer | None = None
        self.trust: CITrust | None = None

    def run(self, text: str, trust: str, agent: str) -> IssuedToken:
        token = read(text)
        self.issuer = _issuer(token.issuer)
        candidates = _candidates(self.issuer, trust)
        # Anybody may send a token: before it is known to be the issuer's, one row is
        # read, not all of the issuer's.
        first = candidates.first()
        if first is None:
            raise NotAccepted("There is no such trust on the token's issuer.")
        self.trust = first if trust else None
        now = timezone.now()
        assertion = verified(token, self.issuer, now)
        self.trust = _fitting(candidates, assertion.claims)
        _check(self.trust, now)
        return _issued(self.trust, assertion, agent, now)

    def note(self, reason: str) -> None:
        """Log a refusal, and audit it, at most once a minute for each trust."""
        log.warning(
            "ci_login_refused",
            reason=reason,
            issuer=self.issuer.url if self.issuer else None,
            trust=str(self.trust.uuid) if self.trust else None,
        )
        subject = self.trust or self.issuer
        if subject is None or _was_audited(subject.uuid):
            return
        namespace = self.trust.robot.namespace if self.trust else None
        audit.record(
            actor=SYSTEM,
            action=REFUSED,
            subject=subject,
            namespace=namespace,
            after={"reason": reason},
        )


def _was_audited(uuid: UUID) -> bool:
    since = timezone.now() - AUDITED_AGAIN
    rows = AuditEvent.objects.filter(object_uuid=uuid, created_at__gt=since)
    return rows.filter(action=REFUSED).exists()


def _issuer(url: str) -> TrustedIssuer:
    known = TrustedIssuer.objects.filter(is_enabled=True)
    found = known.filter(url=url).first() if url.isprintable() else None
    if found is None:
        raise NotAccepted("The token's issuer is not allowed here.")
    return found


def _candidates(issuer: TrustedIssuer, trust: str) -> QuerySet[CITrust]:
    """Return the trusts that may be meant."""
    rows: QuerySet[CITrust] = CITrust.objects.filter(issuer=issuer)
    if trust:
        try:
            rows = rows.filter(uuid=UUID(trust))
        except ValueError as error:
            raise NotAccepted("The trust named is no UUID.") from error
    related = ("issuer", "created_by", "robot__namespace", "robot__user")
    return rows.select_related(*related).order_by("id")


def _fitting(candidates: QuerySet[CITrust], claims: dict[str, Any]) -> CITrust:
    """Return the one trust whose claims the token has; raises NotAccepted.

    There may be many, of all namespaces: of those that do not fit no more is read.
    """
    patterns = candidates.values_list("pk", "claims")
    failing = {pk: failing_claim(wanted, claims) for pk, wanted in patterns}
    fitting = [pk for pk, name in failing.items() if not name]
    if len(fitting) > 1:
        raise NotAccepted("More than one trust fits the token; name one.")
    found = candidates.filter(pk__in=fitting).first() if fitting else None
    if found is not None:
        return found
    if len(failing) == 1:
        (name,) = failing.values()
        raise NotAccepted(f"The token's {name} is not what the trust asks for.")
    raise NotAccepted("No trust on the issuer fits the token's claims.")


def _check(trust: CITrust, now: datetime) -> None:
    """Raise NotAccepted where the trust, or what it leads to, has ended."""
    if missing := missing_immutable(trust.claims, trust.issuer.immutable_claims):
        raise NotAccepted(f"The trust does not name {missing[0]}, which it must now.")
    if not is_in_force(trust):
        raise NotAccepted("Who made the trust no longer administers the namespace.")
    if not trust.robot.user.is_active or trust.robot.expires_at <= now:
        raise NotAccepted("The robot is disabled or has expired.")


def _issued(
    trust: CITrust, assertion: Assertion, agent: str, now: datetime
) -> IssuedToken:
    """Use the assertion up and make the token, or neither."""
    subject = _printable(assertion.claims.get("sub"))
    ends = now + timedelta(seconds=trust.lifetime_seconds)
    row = AccessToken(
        user=trust.robot.user,
        label=f"CI: {subject}"[:100],
        trust=trust,
        expires_at=min(ends, trust.robot.expires_at),
        generated_by=AccessToken.Origin.AUTO,
        creator_ua=_printable(agent)[:200],
    )
    try:
        with transaction.atomic():
            UsedAssertion.objects.create(
                issuer=trust.issuer,
                jti_hash=assertion.jti_hash,
                expires_at=now + REMEMBERED,
            )
            issued = access_tokens.save_new(row, trust.scopes)
            _record(trust, row, subject)
    except IntegrityError as error:
        raise NotAccepted("The token was used before.") from error
    return issued


def _record(trust: CITrust, row: AccessToken, subject: str) -> None:
    audit.record(
        actor=Actor(trust.robot.user),
        action="CI login",
        subject=trust,
        namespace=trust.robot.namespace,
        after={"as": subject, "label": row.label, "until": str(row.expires_at)},
    )


def _printable(value: Any) -> str:
    """Return a text of somebody else as every database and log takes it."""
    text = value if isinstance(value, str) else ""
    return "".join(letter for letter in text if letter.isprintable())[:300]
