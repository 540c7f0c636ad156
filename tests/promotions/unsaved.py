"""Versions of policies that are checked and not saved, as trials are given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts.access import SYSTEM
from promotions.rules.repository_pattern import RepositoryPattern
from promotions.services import policies, trial

if TYPE_CHECKING:
    from promotions.models import PolicyVersion
    from promotions.services.trial import Trial
    from repositories.models import Repository


def unsaved_version(
    *, source: Any = None, source_pattern: str = "", target: str, **chosen: Any
) -> PolicyVersion:
    """A version about a repository, or about those that a pattern names.

    With a pattern as the target, the repository is the pattern of itself.
    """
    if source is not None and "{" in target:
        source, source_pattern = None, source.full_name
    draft = policies.Draft(
        source=source or RepositoryPattern(source_pattern), target=target, **chosen
    )
    return policies.checked_version(actor=SYSTEM, draft=draft)


def draft(
    source: Repository, target: object = "qa/website", **values: Any
) -> PolicyVersion:
    """A version that keeps the tag, unless told otherwise."""
    values = {"tag_template": "%n", **values}
    return unsaved_version(source=source, target=str(target), **values)


def dry(
    source: Repository, target: object = "qa/website", **values: Any
) -> list[Trial]:
    """What would become of the tags, in the order of their pushes."""
    version = draft(source, target, **values)
    return list(trial.dry_run(actor=SYSTEM, version=version).rows[::-1])
