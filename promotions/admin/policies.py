"""Policies, which can be stopped here, and their immutable versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib import admin
from typing_extensions import override

from accounts.admin_mixins import (
    ReadOnlyAdmin,
    ReadOnlyInline,
    apply_to_each,
    asked_first,
    linked,
    moment,
)
from accounts.authentication import actor_of
from promotions.models import PolicyVersion, PromotionPolicy
from promotions.services import policies
from promotions.tasks import apply_policy
from repositories.admin.search import SearchByReference
from repositories.tasks import wake

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from accounts.access import Actor
    from promotions.querysets import PromotionPolicyQuerySet

ENDS = ("source_repository__namespace", "target_namespace")


class PolicyVersionInline(ReadOnlyInline):
    """The versions of a policy."""

    model = PolicyVersion
    fk_name = "policy"
    fields = (
        "number",
        "source_repository",
        "target_repository",
        "tag_template",
        "on_moved_tag",
        "on_conflict",
        "created_by",
    )
    list_select_related = (*ENDS, "created_by")
    ordering = ("-number",)

    @admin.display(description="target repository")
    def target_repository(self, row: PolicyVersion) -> str:
        return row.target


@admin.register(PromotionPolicy)
class PromotionPolicyAdmin(SearchByReference, ReadOnlyAdmin[PromotionPolicy]):
    """Policies; what one does is changed in the portal and makes a new version."""

    owners = (
        "source_namespace",
        "current_version__target_namespace",
    )
    actions = ("enable", "disable", "apply", "delete")
    inlines = (PolicyVersionInline,)
    list_display = (
        "__str__",
        "scope",
        "standing",
        linked("current_version.source_repository", "source"),
        "target",
        "tag_template",
        "managed_by",
        moment("last_promoted_at"),
        moment("deleted_at"),
    )
    list_filter = (
        "scope",
        "enabled",
        ("managed_by", admin.EmptyFieldListFilter),
        ("deleted_at", admin.EmptyFieldListFilter),
        "created_at",
    )
    list_select_related = (
        "source_namespace",
        *(f"current_version__{end}" for end in ENDS),
        *(f"proposed_version__{end}" for end in ENDS),
    )
    repository_paths = ("current_version__source_repository",)
    search_help_text = "The source: namespace, or namespace/repository."
    ordering = ("-created_at", "-id")

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[PromotionPolicy]:
        rows = cast("PromotionPolicyQuerySet", super().get_queryset(request))
        return rows.with_consents()

    @admin.display(description="standing")
    def standing(self, row: PromotionPolicy) -> str:
        return row.standing.label

    @admin.display(description="target")
    def target(self, row: PromotionPolicy) -> str:
        return row.shown_version.target

    @admin.display(description="tag template")
    def tag_template(self, row: PromotionPolicy) -> str:
        return row.shown_version.tag_template

    def has_switch_permission(self, request: HttpRequest) -> bool:
        """Tell whether the actions are offered; the services decide for each policy."""
        return self.is_open_to(request)

    @admin.action(description="Enable selected policies", permissions=["switch"])
    def enable(self, request: HttpRequest, queryset: QuerySet[PromotionPolicy]) -> None:
        self._switch(request, queryset.filter(enabled=False), enabled=True)

    @admin.action(description="Disable selected policies", permissions=["switch"])
    def disable(
        self, request: HttpRequest, queryset: QuerySet[PromotionPolicy]
    ) -> None:
        self._switch(request, queryset.filter(enabled=True), enabled=False)

    @admin.action(description="Apply selected policies", permissions=["switch"])
    def apply(
        self, request: HttpRequest, queryset: QuerySet[PromotionPolicy]
    ) -> HttpResponse | None:
        question = "Apply these policies to the tags that exist?"
        consequence = (
            "Every tag that matches now is promoted, as if it had just been pushed."
        )
        if page := asked_first(
            self, request, queryset, question=question, consequence=consequence
        ):
            return page
        actor = actor_of(request)

        def apply(policy: PromotionPolicy) -> None:
            policies.update(actor=actor, policy=policy, changes={}, apply=True)
            wake(apply_policy, policy.pk)

        rows = queryset.filter(deleted_at__isnull=True, enabled=True)
        apply_to_each(request, rows, apply, "Policies that look at existing tags")
        return None

    @admin.action(description="Delete selected policies", permissions=["switch"])
    def delete(
        self, request: HttpRequest, queryset: QuerySet[PromotionPolicy]
    ) -> HttpResponse | None:
        question = "Delete these policies?"
        consequence = "They promote nothing any more. What they promoted stays."
        if page := asked_first(
            self, request, queryset, question=question, consequence=consequence
        ):
            return page
        actor = actor_of(request)
        apply_to_each(
            request,
            queryset.filter(deleted_at__isnull=True),
            lambda policy: policies.delete(actor=actor, policy=policy),
            "Policies deleted",
        )
        return None

    def _switch(
        self, request: HttpRequest, rows: QuerySet[PromotionPolicy], *, enabled: bool
    ) -> None:
        actor: Actor = actor_of(request)
        apply_to_each(
            request,
            rows.filter(deleted_at__isnull=True),
            lambda policy: policies.update(
                actor=actor, policy=policy, changes={}, enabled=enabled
            ),
            "Policies enabled" if enabled else "Policies disabled",
        )


@admin.register(PolicyVersion)
class PolicyVersionAdmin(SearchByReference, ReadOnlyAdmin[PolicyVersion]):
    """What each policy did and does."""

    owners = (
        "source_repository",
        "target_namespace",
    )
    date_hierarchy = "created_at"
    list_display = (
        moment("created_at"),
        "number",
        linked("policy"),
        linked("source_repository", "source"),
        "target",
        "tag_template",
        linked("created_by"),
    )
    list_filter = ("on_moved_tag", "on_conflict")
    list_select_related = (
        *ENDS,
        "created_by",
        *(f"policy__current_version__{end}" for end in ENDS),
    )
    repository_paths = ("source_repository",)
    search_help_text = "The source: namespace, or namespace/repository."
    ordering = ("-created_at", "-id")

    @admin.display(description="target")
    def target(self, row: PolicyVersion) -> str:
        return row.target
