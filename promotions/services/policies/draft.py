"""What somebody wants a policy to do, before it is a version."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError

from accounts.models import Namespace, User
from promotions.models import PolicyVersion, PromotionPolicy
from promotions.rules.repository_pattern import RepositoryPattern, TargetPattern
from promotions.validators import validate_target_pattern
from repositories.models import Repository

if TYPE_CHECKING:
    from accounts.access import Actor

CHOSEN = (
    "tag_template",
    "rules",
    "zone",
    "on_moved_tag",
    "on_conflict",
    "unscored",
    "unlicensed",
    "allow_unscannable",
    "origins",
    "exceptions_of",
    "allow_public_target",
)
"""The columns of a version that a draft has under the same name."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a policy is to do: the content of its next version.

    `source` is a repository or a pattern over OCI names; with a pattern, `namespace` is
    the one the policy belongs to, and None makes it a global one. `target` is an OCI
    name; with a pattern it may hold `{namespace}` and `{repository}`. `rules` are MSR's
    triples (`field`, `operator`, `values`), ANDed; none of them means that every tag
    matches. `allow_cycle` counts from administrators only.
    """

    source: Repository | RepositoryPattern
    target: str
    tag_template: str
    namespace: Namespace | None = None
    rules: list[dict[str, Any]] = field(default_factory=list)
    zone: str = "UTC"
    on_moved_tag: str = PolicyVersion.OnMovedTag.LATEST_ONLY
    on_conflict: str = PolicyVersion.OnConflict.OVERWRITE
    unscored: str = PolicyVersion.Evidence.WAIT
    unlicensed: str = PolicyVersion.Evidence.WAIT
    allow_unscannable: bool = False
    origins: list[str] = field(default_factory=list)
    exceptions_of: str = PolicyVersion.Exceptions.SOURCE
    allow_public_target: bool = False
    allow_cycle: bool = False

    @classmethod
    def of(cls, version: PolicyVersion) -> Draft:
        """Return the content of a version, to be changed into the next."""
        repository = version.source_repository
        return cls(
            source=repository or RepositoryPattern(version.source_pattern),
            namespace=None if repository else version.policy.source_namespace,
            target=version.target,
            allow_cycle=version.allow_cycle,
            **{name: getattr(version, name) for name in CHOSEN},
        )

    @property
    def scope(self) -> PromotionPolicy.Scope:
        """How much of the registry it is about."""
        if isinstance(self.source, Repository):
            return PromotionPolicy.Scope.REPOSITORY
        if self.namespace is not None:
            return PromotionPolicy.Scope.NAMESPACE
        return PromotionPolicy.Scope.GLOBAL

    @property
    def owner(self) -> Namespace | None:
        """The namespace the policy belongs to; None for a global one."""
        if isinstance(self.source, Repository):
            return self.source.namespace
        return self.namespace

    def new_policy(self) -> PromotionPolicy:
        """Return a policy for it that is not saved."""
        return PromotionPolicy(scope=self.scope, source_namespace=self.owner)

    def as_version(
        self, actor: Actor, policy: PromotionPolicy | None = None, number: int = 1
    ) -> PolicyVersion:
        """Return the version that is not saved, and not checked.

        Raises ValidationError for a target that names no repository.
        """
        return PolicyVersion(
            policy=policy or self.new_policy(),
            number=number,
            allow_cycle=self.allow_cycle and actor.is_administrator,
            created_by=actor.user if isinstance(actor.user, User) else None,
            **self._source(),
            **self._target(),
            **{name: getattr(self, name) for name in CHOSEN},
        )

    def _source(self) -> dict[str, Any]:
        if isinstance(self.source, Repository):
            return {"source_repository": self.source}
        return {"source_pattern": self.source.text}

    def _target(self) -> dict[str, Any]:
        """Return the columns of the target, and the namespace that all of it lies in.

        A name in a namespace that does not exist is kept as a pattern of itself. It is
        checked before the namespace is looked up, and in both cases alike, so that a
        refusal tells nothing.
        """
        name = self.target.partition("/")[2]
        try:
            validate_target_pattern(self.target)
            target = TargetPattern.parse(self.target)
            if target.names_repository:
                PolicyVersion._meta.get_field("target_name").run_validators(name)
        except ValidationError as error:
            raise ValidationError({"target_repository": error.messages}) from error
        within = target.as_repository_pattern(self._source_pattern())
        rows = Namespace.objects.filter(name=within.namespace)
        namespace = rows.first() if within.names_namespace else None
        if namespace is None or not target.names_repository:
            return {"target_namespace": namespace, "target_pattern": self.target}
        return {"target_namespace": namespace, "target_name": name}

    def _source_pattern(self) -> RepositoryPattern:
        if isinstance(self.source, Repository):
            return RepositoryPattern(self.source.full_name)
        return self.source
