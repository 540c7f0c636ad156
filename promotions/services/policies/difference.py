"""What a version changes, in words, for who has to agree to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from promotions.models import PolicyVersion

TITLES = {
    "source": "Source",
    "target": "Target",
    "criteria": "Criteria",
    "tag_template": "Tag in the target",
    "zone": "Time zone",
    "on_moved_tag": "When the tag moves on before it was promoted",
    "on_conflict": "When the target has the tag already",
    "unscored": "Vulnerabilities without a severity",
    "unlicensed": "Components without a license",
    "allow_unscannable": "Promote what no scanner can read",
    "origins": "Own scanners and uploads that count",
    "exceptions_of": "Hidden vulnerabilities that do not count",
    "allow_public_target": "Images of private repositories may become public",
    "allow_cycle": "May loop",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different; lines that went away and lines that came."""

    field: str
    title: str
    removed: tuple[str, ...]
    added: tuple[str, ...]


def difference(old: PolicyVersion, new: PolicyVersion) -> list[Change]:
    """Return what `new` changes of `old`, in the order of a policy's page."""
    changes = [_change(old, new, name) for name in TITLES]
    return [change for change in changes if change.removed or change.added]


def _change(old: PolicyVersion, new: PolicyVersion, name: str) -> Change:
    before, after = _lines(old, name), _lines(new, name)
    return Change(
        field=name,
        title=TITLES[name],
        removed=tuple(line for line in before if line not in after),
        added=tuple(line for line in after if line not in before),
    )


def _lines(version: PolicyVersion, name: str) -> tuple[str, ...]:
    value = getattr(version, name)
    if name == "criteria":
        return tuple(value) or ("every tag",)
    if isinstance(value, list):
        return tuple(map(str, value)) or ("none",)
    if isinstance(value, bool):
        return ("yes" if value else "no",)
    label = getattr(version, f"get_{name}_display", None)
    return (str(label() if label else value),)
