"""The vocabulary of rights: actions, the levels that allow them, and who is asking.

The names are MSR's access levels and the Docker token specification's actions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db.models import TextChoices

if TYPE_CHECKING:
    from accounts.models import AccessToken, User


class Action(TextChoices):
    """What may be done to a namespace or a repository."""

    PULL = "pull"
    PUSH = "push"
    DELETE = "delete"
    SCAN = "scan"
    ADMIN = "admin"


class AccessLevel(TextChoices):
    """The codename of a grant: MSR's levels, and the right to upload scan reports."""

    READ_ONLY = "read_only", "read-only"
    READ_WRITE = "read_write", "read-write"
    ADMIN = "admin", "admin"
    SCAN = "scan", "scan"


class GrantKind(TextChoices):
    """The slot a grant takes: one level per grantee and object, `scan` beside it."""

    LEVEL = "level"
    SCAN = "scan"


class TokenScope(TextChoices):
    """What an access token may be used for; never more than its owner may do."""

    PULL = "pull"
    PUSH = "push"
    DELETE = "delete"
    SCAN = "scan"
    API = "api"
    ADMIN = "admin"


ACTIONS: dict[AccessLevel, frozenset[Action]] = {
    AccessLevel.READ_ONLY: frozenset({Action.PULL}),
    AccessLevel.READ_WRITE: frozenset({Action.PULL, Action.PUSH, Action.DELETE}),
    AccessLevel.ADMIN: frozenset(Action),
    AccessLevel.SCAN: frozenset({Action.SCAN}),
}


def levels_allowing(action: Action) -> list[str]:
    """Return the codenames of the levels that include `action`."""
    return [level.value for level, actions in ACTIONS.items() if action in actions]


# What the audit log calls who has no account: nobody's account is called so.
SYSTEM_NAME, ANONYMOUS_NAME = "system", "anonymous"
IMPORTER = "msr-import"
"""The user whose pushes are recorded, and no policy is asked about by itself."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: a person or robot, and the access token used, if one was.

    `token` is None for a password or a session: nothing narrows the user's rights.
    `is_system` is the portal itself, at set-up and periodic work; nobody can sign in
    as it. `is_bearer` says that a bearer token of `/auth/token` stood in for what it
    was made from: the same rights, but it makes nothing that outlives it.
    """

    user: User | AnonymousUser
    token: AccessToken | None = None
    is_system: bool = False
    is_bearer: bool = False

    @property
    def is_anonymous(self) -> bool:
        return not (self.is_system or self.user.is_authenticated)

    @property
    def is_active(self) -> bool:
        return self.is_system or self.user.is_active

    @property
    def key(self) -> int:
        """The user's key for queries; 0 is nobody's, where None would match NULL."""
        return self.user.pk or 0

    @property
    def is_superuser(self) -> bool:
        return self.is_system or (self.user.is_active and self.user.is_superuser)

    @property
    def is_administrator(self) -> bool:
        """Of the whole portal: a token limited to one namespace does not do."""
        everywhere = self.namespace_limit is None
        return self.is_superuser and everywhere and self.may_use(TokenScope.ADMIN)

    @property
    def name(self) -> str:
        return self.user.get_username() or (
            SYSTEM_NAME if self.is_system else ANONYMOUS_NAME
        )

    @property
    def uses_token(self) -> bool:
        """Whether a token speaks, which may be stolen, and not a person."""
        return self.token is not None or self.is_bearer

    def may_use(self, scope: TokenScope | Action) -> bool:
        """Tell whether the token, if any, was made for this scope."""
        return self.token is None or scope.value in self.token.scopes

    @property
    def namespace_limit(self) -> int | None:
        """The key of the only namespace the token is good for; None means all."""
        return None if self.token is None else self.token.namespace_id


ANONYMOUS = Actor(AnonymousUser())
SYSTEM = Actor(AnonymousUser(), is_system=True)
