"""A version of a policy that is complete and checked, and not saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError

from accounts.models import Namespace
from promotions.models import PolicyVersion
from promotions.rules import TagTemplate, compile_rules, parse_rules
from promotions.validators import validate_target_pattern
from repositories.validators import validate_repository_name

if TYPE_CHECKING:
    from repositories.models import Repository

UNCHECKED = ("policy", "number", "created_by", "source_repository", "target_namespace")


def unsaved_version(*, source: Repository, target: str, **chosen: Any) -> PolicyVersion:
    """Return a version to be tried; `target` is an OCI name, or a pattern of such.

    Whether the target exists makes no difference. `chosen` are columns of the version.
    Raises ValidationError, with a sentence for each field, for what cannot work.
    """
    version = PolicyVersion(source_repository=source, **chosen, **_target(target))
    version.full_clean(
        exclude=UNCHECKED, validate_unique=False, validate_constraints=False
    )
    _refuse_missing_groups(version)
    return version


def _target(name: str) -> dict[str, Any]:
    """Return the columns of the target; a namespace that is not there makes a pattern.

    The name is checked before the namespace is looked up, so that a refusal tells
    nothing of what exists.
    """
    owner, _, rest = name.partition("/")
    try:
        validate_target_pattern(name)
        if "{" in name:
            return {"target_pattern": name}
        validate_repository_name(rest)
    except ValidationError as error:
        raise ValidationError({"target_repository": error.messages}) from error
    namespace = Namespace.objects.filter(name=owner).first()
    if namespace is None:
        return {"target_pattern": name}
    return {"target_namespace": namespace, "target_name": rest}


def _refuse_missing_groups(version: PolicyVersion) -> None:
    wanted = TagTemplate.parse(version.tag_template).highest_group
    captured = compile_rules(parse_rules(version.rules)).group_count
    if wanted > captured:
        message = (
            f"%{{{wanted}}} names a group, but the rules capture {captured}: add a"
            " rule “tag matches” with that many groups in parentheses."
        )
        raise ValidationError({"tag_template": message})
