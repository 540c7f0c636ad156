"""What the graph is made of: flows between ends, as far as the reader may know them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING

from django.db.models import Case, Value, When

from accounts.access import Action
from promotions.models import NamespaceAdmission, PromotionPolicy, Standing
from promotions.rules.repository_pattern import (
    InvalidPattern,
    RepositoryPattern,
    TargetPattern,
)
from promotions.services.pipeline.numbers import Numbers, Way
from promotions.services.policies import Shown, is_about, shown_at
from repositories.models import Repository

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from accounts.access import Actor
    from promotions.models import PolicyVersion
    from promotions.services.pipeline.choice import Wanted

LOOKED_AT = 500
"""How many repositories are compared with patterns."""

SHOWN = 12
"""How many repositories of a pattern are drawn."""


class FlowState(StrEnum):
    """Whether a flow goes on, the worst first."""

    STOPPED = "stopped"
    FAILING = "failing"
    DECLINED = "declined"
    PROPOSED = "proposed"
    NOT_ADMITTED = "not admitted"
    OFF = "off"
    RUNNING = "running"
    BY_HAND = "by hand"


STATES = {
    Standing.RUNNING: FlowState.RUNNING,
    Standing.OFF: FlowState.OFF,
    Standing.PROPOSED: FlowState.PROPOSED,
    Standing.DECLINED: FlowState.DECLINED,
    Standing.WITHDRAWN: FlowState.STOPPED,
}


@dataclass(frozen=True, slots=True)
class End:
    """A box: a repository, a pattern of some, or what may not be told (no name)."""

    key: str
    name: str
    opens: bool

    @property
    def is_pattern(self) -> bool:
        return any(sign in self.name for sign in "*{")


@dataclass(frozen=True, slots=True)
class Flow:
    """What one policy moves, or people by hand, from one end to another."""

    source: End
    target: End
    policy: PromotionPolicy | None
    state: FlowState
    numbers: Numbers = field(default_factory=Numbers)

    @property
    def has_proposal(self) -> bool:
        """Whether a change waits for consent beside what is shown."""
        policy = self.policy
        return bool(policy and policy.current_version_id and policy.proposed_version_id)


@dataclass(frozen=True, slots=True)
class _Place:
    """A version at one of the repositories it is about, or as a whole.

    `target` is a repository that the reader sees images arrive in, from wherever.
    """

    version: PolicyVersion
    at: Repository | None = None
    target: str = ""


def flows(
    reader: Actor,
    policies: Iterable[PromotionPolicy],
    wanted: Wanted,
    numbers: Mapping[Way, Numbers],
) -> list[Flow]:
    """Return what the policies move, and what went by hand; never between hidden ends.

    At most a few queries, for any number.
    """
    versions = [policy.shown_version for policy in policies]
    places = list(_places(reader, versions, wanted))
    admitted = _admitted(versions)
    ends = shown_at(reader, [(place.version, place.at) for place in places])
    found = [
        _flow(place, shown, numbers, admitted)
        for place, shown in zip(places, ends, strict=True)
    ]
    seen = [flow for flow in found if flow.source.name or flow.target.name]
    return [*_without_double(seen), *_by_hand(numbers)]


def _places(
    reader: Actor, versions: Iterable[PolicyVersion], wanted: Wanted
) -> Iterator[_Place]:
    wide = []
    for version in versions:
        if version.source_pattern or version.target_pattern:
            wide.append(version)
        else:
            yield _Place(version)
    repositories = _compared(reader, wide, wanted) if wide else []
    for version in wide:
        reached = list(islice(_reached(version, repositories), SHOWN))
        yield from reached or [_Place(version)]


def _compared(
    reader: Actor, versions: list[PolicyVersion], wanted: Wanted
) -> list[Repository]:
    """Return repositories of the reader, those first that the patterns name."""
    named = {version.source.partition("/")[0] for version in versions}
    named |= {version.target.partition("/")[0] for version in versions}
    asked = wanted.namespace or wanted.repository.partition("/")[0]
    near = Case(
        When(namespace__name=asked, then=Value(0)),
        When(namespace__name__in=named, then=Value(1)),
        default=Value(2),
    )
    rows = Repository.objects.permitted(reader, Action.PULL).select_related("namespace")
    return list(rows.order_by(near, "namespace__name", "name")[:LOOKED_AT])


def _reached(
    version: PolicyVersion, repositories: Iterable[Repository]
) -> Iterator[_Place]:
    """Yield the repositories it promotes from, then others that it promotes into."""
    into = set()
    for repository in repositories:
        if is_about(version, repository) or version.source_repository == repository:
            place = _Place(version, at=repository)
            into.add(_target_at(version, repository))
            yield place
    arriving = _arriving(version)
    for repository in repositories:
        name = repository.full_name
        if (
            name not in into
            and arriving.matches(name)
            and version.policy.current_version
        ):
            yield _Place(version, target=name)


def _target_at(version: PolicyVersion, repository: Repository) -> str:
    try:
        return version.target_for(repository)
    except InvalidPattern:
        return ""


def _arriving(version: PolicyVersion) -> RepositoryPattern:
    if not version.target_pattern:
        return RepositoryPattern(version.target)
    target = TargetPattern.parse(version.target_pattern)
    return target.as_repository_pattern(RepositoryPattern(version.source))


def _admitted(versions: Iterable[PolicyVersion]) -> set[tuple[int, int]]:
    """Return the namespaces in which global policies may act, by both keys."""
    scope = PromotionPolicy.Scope.GLOBAL
    keys = [one.policy_id for one in versions if one.policy.scope == scope]
    if not keys:
        return set()
    rows = NamespaceAdmission.objects.filter(policy__in=keys)
    return set(rows.values_list("policy", "namespace"))


def _flow(
    place: _Place,
    shown: Shown,
    numbers: Mapping[Way, Numbers],
    admitted: set[tuple[int, int]],
) -> Flow:
    version, at = place.version, place.at
    source = at.full_name if at else shown.source
    target = place.target or shown.target
    found = _numbers(version.policy_id, source, target, numbers)
    return Flow(
        source=_end(
            source, target, opens=bool(at) or shown.opens_source, side="source"
        ),
        target=_end(
            target,
            source,
            opens=bool(place.target) or shown.opens_target,
            side="target",
        ),
        policy=version.policy,
        state=_state(place, found, admitted),
        numbers=found,
    )


def _end(name: str, other: str, *, opens: bool, side: str) -> End:
    """Return a box; one that may not be told stands beside its other end only."""
    return End(name or f"{side} of {other}", name, opens)


def _numbers(
    policy: int, source: str, target: str, numbers: Mapping[Way, Numbers]
) -> Numbers:
    """Return the numbers between two ends; of a hidden one, or a pattern, of all."""
    fits = [
        found
        for way, found in numbers.items()
        if way.policy == policy
        if _names(source, way.source) and _names(target, way.target)
    ]
    return Numbers().plus(fits)


def _names(end: str, name: str) -> bool:
    return end == name or not end or "*" in end or "{" in end


def _state(place: _Place, found: Numbers, admitted: set[tuple[int, int]]) -> FlowState:
    policy, at = place.version.policy, place.at
    state = STATES[policy.standing]
    is_global = policy.scope == PromotionPolicy.Scope.GLOBAL
    if is_global and at and (policy.pk, at.namespace_id) not in admitted:
        return FlowState.NOT_ADMITTED
    if state == FlowState.RUNNING and found.is_failing:
        return FlowState.FAILING
    return state


def _without_double(found: Iterable[Flow]) -> list[Flow]:
    """Leave out a second flow of a policy between the same ends."""
    by_ends = defaultdict[tuple[int | None, str, str], list[Flow]](list)
    for flow in found:
        policy = flow.policy.pk if flow.policy else None
        by_ends[policy, flow.source.key, flow.target.key].append(flow)
    return [flows[0] for flows in by_ends.values()]


def _by_hand(numbers: Mapping[Way, Numbers]) -> Iterator[Flow]:
    for way, found in numbers.items():
        if way.policy is not None or not (
            found.promoted or found.waiting or found.failed
        ):
            continue
        source, target = (
            way.source * found.opens_source,
            way.target * found.opens_target,
        )
        if source or target:
            yield Flow(
                source=_end(source, target, opens=bool(source), side="source"),
                target=_end(target, source, opens=bool(target), side="target"),
                policy=None,
                state=FlowState.BY_HAND,
                numbers=found,
            )
