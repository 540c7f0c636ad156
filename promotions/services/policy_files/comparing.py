"""What a file wants of each policy, beside what the policy is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404

from promotions.models import PolicyVersion, PromotionPolicy, Standing
from promotions.rules.repository_pattern import RepositoryPattern
from promotions.services.policies.difference import Change, difference
from promotions.services.policies.draft import Draft
from promotions.services.policies.shown import shown
from promotions.services.policy_files.state import identity_of
from promotions.services.policy_files.steps import Action, Options, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from accounts.access import Actor
    from accounts.models import Namespace
    from promotions.services.policies.shown import Shown
    from promotions.services.policy_files.shape import Entry, PolicyFile
    from repositories.models import Repository

REFUSALS = (ValidationError, Http404, PermissionDenied)
"""What services raise where something may not be."""

ALIKE = (
    "A policy that does the same is there: export it, and take its key from there, if"
    " the file is to own it."
)
WAITS = "It waits for an answer; until then, what ran before goes on."
_STOPPED = {Standing.DECLINED, Standing.WITHDRAWN}


@dataclass(frozen=True, slots=True)
class Work:
    """A step, with what is needed to take it; `enabled` is how the switch shall be."""

    step: Step
    policy: PromotionPolicy | None = None
    entry: Entry | None = None
    draft: Draft | None = None
    enabled: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """A file beside the policies in its scope, as one actor may see and change them.

    `repositories` are those that the file names and the actor sees.
    """

    actor: Actor
    file: PolicyFile
    namespaces: Mapping[str, Namespace]
    repositories: Mapping[str, Repository]
    policies: Iterable[PromotionPolicy]
    options: Options

    def works(self) -> list[Work]:
        """Return what is to be done, by namespace and key."""
        found = {identity_of(one): one for one in self.policies if one.key}
        ends = shown(self.actor, [latest(one) for one in found.values()])
        wanted = [
            self._wanted(entry, found.get(entry.identity), ends)
            for entry in self.file.entries
        ]
        works = [*wanted, *self._left(found)]
        return sorted(works, key=lambda one: (one.step.namespace, one.step.key))

    def _wanted(
        self, entry: Entry, policy: PromotionPolicy | None, ends: Mapping[int, Shown]
    ) -> Work:
        said = f"{entry.source} → {entry.target}"
        action = Action.CREATE if policy is None else Action.UPDATE
        uuid = None if policy is None else policy.uuid
        step = Step(action, entry.namespace, entry.key, said, uuid)
        try:
            draft = self._draft(entry)
            if policy is None:
                return self._new(step, entry, draft)
            self._refuse(policy, draft, ends)
            return self._changed(step, entry, policy, draft)
        except REFUSALS as error:
            return Work(replace(step, refusal=sentence(error)))

    def _draft(self, entry: Entry) -> Draft:
        namespace = self.namespaces[entry.namespace] if entry.namespace else None
        if entry.is_pattern:
            source: Repository | RepositoryPattern = RepositoryPattern(entry.source)
        else:
            source, namespace = self._repository(entry.source), None
        if not entry.propose and "{" not in entry.target:
            self._repository(entry.target)
        draft = Draft(
            source=source, target=entry.target, namespace=namespace, **entry.content
        )
        if draft.allow_cycle and not self.actor.is_administrator:
            message = "Only an administrator of the portal may allow a loop."
            raise PermissionDenied(message)
        return draft

    def _repository(self, name: str) -> Repository:
        """Return a repository that the actor sees; every way of saving asks that."""
        if name not in self.repositories:
            message = f"No repository “{name}” is visible to you."
            raise Http404(message)
        return self.repositories[name]

    def _new(self, step: Step, entry: Entry, draft: Draft) -> Work:
        alike = [
            one
            for one in self.policies
            if not one.managed_by and Draft.of(one.shown_version) == draft
        ]
        step = replace(step, notes=(ALIKE,) if alike else ())
        return Work(step, entry=entry, draft=draft, enabled=entry.enabled)

    def _refuse(
        self, policy: PromotionPolicy, draft: Draft, ends: Mapping[int, Shown]
    ) -> None:
        """Refuse what the file may not touch, or what would make it another policy."""
        if policy.managed_by not in {"", self.file.name}:
            message = (
                f"The file “{policy.managed_by}” owns this policy: release it there"
                " first, or name this file like that one."
            )
            raise PermissionDenied(message)
        if not ends[latest(policy).pk].is_whole:
            message = (
                "The policy promotes to where you may not look: who may has to apply"
                " the file, or change its key."
            )
            raise PermissionDenied(message)
        before = Draft.of(latest(policy))
        is_of_one = draft.scope is PromotionPolicy.Scope.REPOSITORY
        is_moved = is_of_one and before.source != draft.source
        if draft.scope != policy.scope or is_moved:
            message = (
                "A policy keeps its source: give the one with another source another"
                " key."
            )
            raise ValidationError(message)

    def _changed(
        self, step: Step, entry: Entry, policy: PromotionPolicy, draft: Draft
    ) -> Work:
        enabled = self._switch(entry, policy)
        changes = tuple(self._changes(policy, draft, enabled=enabled))
        notes = tuple(_drift(entry, policy, enabled=enabled))
        action = Action.UPDATE
        if not changes:
            action = Action.DRIFT if notes else Action.UNCHANGED
            notes += (WAITS,) if policy.proposed_version else ()
        step = replace(step, action=action, changes=changes, notes=notes)
        return Work(step, policy, entry, draft, enabled)

    def _switch(self, entry: Entry, policy: PromotionPolicy) -> bool:
        """Return how the switch shall be: drift is left unless it is to be undone."""
        is_drift = policy.managed_by and policy.managed_enabled == entry.enabled
        return (
            policy.enabled if is_drift and not self.options.restore else entry.enabled
        )

    def _changes(
        self, policy: PromotionPolicy, draft: Draft, *, enabled: bool
    ) -> Iterator[Change]:
        before = latest(policy)
        if draft != Draft.of(before):
            yield from difference(before, draft.as_version(self.actor, policy))
        if enabled != policy.enabled:
            yield _switched(before=policy.enabled, after=enabled)
        if policy.managed_by != self.file.name:
            yield Change("managedBy", "Owned by the file", (), (self.file.name,))

    def _left(self, found: Mapping[tuple[str, str], PromotionPolicy]) -> Iterator[Work]:
        """Return what the file owned and has no more."""
        kept = {entry.identity for entry in self.file.entries}
        for (namespace, key), policy in found.items():
            if policy.managed_by == self.file.name and (namespace, key) not in kept:
                yield self._leftover(namespace, key, policy)

    def _leftover(self, namespace: str, key: str, policy: PromotionPolicy) -> Work:
        version = latest(policy)
        (ends,) = shown(self.actor, [version]).values()
        said = f"{ends.source or 'hidden'} → {ends.target or 'hidden'}"
        action = Action.DELETE if self.options.prune else Action.KEPT
        note = "The file has it no more; it stays unless the apply prunes."
        notes = () if self.options.prune else (note,)
        return Work(Step(action, namespace, key, said, policy.uuid, (), notes), policy)


def latest(policy: PromotionPolicy) -> PolicyVersion:
    """Return what was saved last: the proposal, if one waits."""
    return policy.proposed_version or policy.shown_version


def sentence(error: Exception) -> str:
    """Return what a service says on refusing, as one text."""
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    return str(error) or "You may not do this."


def _switched(*, before: bool, after: bool) -> Change:
    words = {True: "yes", False: "no"}
    return Change("enabled", "Enabled", (words[before],), (words[after],))


def _drift(entry: Entry, policy: PromotionPolicy, *, enabled: bool) -> Iterator[str]:
    if enabled != entry.enabled:
        now = "on" if enabled else "off"
        yield (
            f"Somebody switched it {now}, against the file; it stays so unless the"
            " apply restores what the file says."
        )
    if policy.standing in _STOPPED:
        yield f"It does not run: {policy.standing.label}."
