"""May this actor do this to that object? Asked by portal, admin, API and token server.

The answer is falsy when it is no, and carries the reason for the page or the error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import PermissionDenied
from django.http import Http404

if TYPE_CHECKING:
    from django.db.models import Model

    from accounts.access import Action, Actor
    from accounts.querysets import PermittedQuerySet


class RateLimited(PermissionDenied):
    """Somebody did too much of something; `retry_after` are seconds to wait."""

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class MissingRight(PermissionDenied):
    """A right is missing on `subject`, of which the actor may know."""

    def __init__(self, message: str, subject: Model) -> None:
        super().__init__(message)
        self.subject = subject


@dataclass(frozen=True, slots=True)
class Answer:
    """Yes, or no with a sentence that says what is missing."""

    allowed: bool
    reason: str = ""

    def __bool__(self) -> bool:
        return self.allowed


def check(actor: Actor, action: Action, subject: Model) -> Answer:
    """Answer whether `actor` may do `action` on `subject` (namespace, repository)."""
    if _like(subject).permitted(actor, action).filter(pk=subject.pk).exists():
        return Answer(allowed=True)
    if not actor.may_use(action):
        return Answer(allowed=False, reason=_token_reason(action))
    reason = f"This needs the right “{action}” on {subject}; ask one of its admins."
    return Answer(allowed=False, reason=reason)


def require(actor: Actor, action: Action, subject: Model) -> None:
    """Return when allowed; raise PermissionDenied, or Http404 for a stranger.

    Whoever may not know of the object must not learn that it exists.
    """
    answer = check(actor, action, subject)
    if answer:
        return
    if _like(subject).visible_to(actor).filter(pk=subject.pk).exists():
        raise MissingRight(answer.reason, subject)
    message = f"No {subject._meta.verbose_name} with this name is visible to you."
    raise Http404(message)


def require_administrator(actor: Actor) -> None:
    """Raise PermissionDenied unless the actor administers the whole portal."""
    if not actor.is_administrator:
        message = "Only an administrator of the portal may do this."
        raise PermissionDenied(message)


def _like(subject: Model) -> PermittedQuerySet[Any]:
    return cast("PermittedQuerySet[Any]", type(subject)._default_manager.all())


def _token_reason(action: Action) -> str:
    return f"The access token used was not made for “{action}”; use another one."
