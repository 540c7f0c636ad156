"""Which ends of policies and promotions a reader may know of.

Who sees one end of a promotion has not thereby a right to learn the other's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from rest_framework import serializers

from accounts.access import Action
from accounts.api import Form
from repositories.models import Repository

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.access import Actor
    from promotions.models import PolicyVersion, Promotion


class EndQuery(Form):
    """Whether the repository is asked about as source (as MSR does) or as target."""

    # MSR's name; it hides Field.source, which a form at the root does not use.
    source = serializers.BooleanField(default=True)  # type: ignore[assignment]  # as said above


@dataclass(frozen=True, slots=True)
class Ends:
    """The OCI names that the reader may see; any other reads as None."""

    visible: frozenset[str]

    @classmethod
    def of(cls, actor: Actor, rows: Iterable[PolicyVersion | Promotion]) -> Self:
        """Look up both ends of many policies or promotions, in one query."""
        keys = [
            key
            for row in rows
            for key in (
                _key(row.source_repository),
                (row.target_namespace_id, row.target_name),
            )
            if key
        ]
        return cls._among(actor, keys)

    @classmethod
    def _among(cls, actor: Actor, keys: Iterable[tuple[int | None, str]]) -> Self:
        wanted = set(keys)
        rows = Repository.objects.permitted(actor, Action.PULL).filter(
            namespace__in={namespace for namespace, _ in wanted},
            name__in={name for _, name in wanted},
        )
        names = rows.values_list("namespace__name", "name")
        return cls(frozenset(f"{namespace}/{name}" for namespace, name in names))

    def shown(self, full_name: str) -> str | None:
        """Return the name, or None when the reader may not know it."""
        return full_name if full_name in self.visible else None

    def redacted(self, text: str, full_name: str, tag: str) -> str:
        """Return a sentence without a name, and its tag, not to be known."""
        if full_name in self.visible:
            return text
        for hidden in (f"{full_name}:{tag}", full_name):
            text = text.replace(hidden, "another repository")
        return text


def _key(repository: Repository | None) -> tuple[int | None, str] | None:
    """Return what the repository is looked up by; None for a pattern's end."""
    if repository is None:
        return None
    return repository.namespace_id, repository.name
