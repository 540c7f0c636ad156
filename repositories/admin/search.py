"""Search by what people know: `namespace/repository:tag`, or a digest.

Only exact comparisons, which the indexes answer however long the table is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.db.models import Q
from typing_extensions import override

from repositories.models import Manifest, Repository

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet
    from django.http import HttpRequest


class SearchByReference(admin.ModelAdmin[Any]):
    """Lists of rows about an image; the paths say where the row names its parts."""

    repository_paths: ClassVar[tuple[str, ...]] = ("repository",)
    tag_paths: ClassVar[tuple[str, ...]] = ()
    manifest_paths: ClassVar[tuple[str, ...]] = ()

    search_fields = ("uuid",)  # not asked; without any, there is no search box
    search_help_text = "namespace, namespace/repository, namespace/repository:tag, :tag"

    @override
    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        is_digest = term.startswith(("sha256:", "sha512:"))
        found = self._of_digest(term) if is_digest else self._of_name(term)
        return queryset.filter(found), False

    def _of_digest(self, digest: str) -> Q:
        manifests = Manifest.objects.filter(digest=digest).values("pk")
        return _any(self.manifest_paths, "in", manifests)

    def _of_name(self, term: str) -> Q:
        name, _, tag = term.partition(":")
        found = _any(self.tag_paths, "exact", tag) if tag else Q()
        if name:
            repositories = repositories_named(name).values("pk")
            found &= _any(self.repository_paths, "in", repositories)
        return found


def repositories_named(name: str) -> QuerySet[Repository]:
    """Return the repository `namespace/name`, or a namespace's; deleted ones, too."""
    namespace, _, rest = name.partition("/")
    rows = Repository.objects.filter(namespace__name=namespace)
    return rows.filter(name=rest) if rest else rows


def _any(paths: Iterable[str], lookup: str, value: Any) -> Q:
    """Return "one of the paths fulfils it"; without a path, nothing does."""
    found = Q(pk__in=())
    for path in paths:
        found |= Q(**{f"{path}__{lookup}": value})
    return found
