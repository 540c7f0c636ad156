"""What was asked, what was decided, and what was promoted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import F
from typing_extensions import override

from accounts.admin_mixins import (
    ReadOnlyAdmin,
    apply_to_each,
    asked_first,
    linked,
    moment,
)
from accounts.authentication import actor_of
from promotions.admin.policies import ENDS
from promotions.models import Decision, Evaluation, Promotion, Watch
from promotions.models.promotion import State
from promotions.services.cancel import cancel
from promotions.services.repeat import promote_again
from promotions.tasks import run_promotion
from repositories.admin.search import SearchByReference
from repositories.tasks import wake

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.contrib.admin.views.main import ChangeList
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from promotions.querysets import PromotionQuerySet

MOVE = ("tag_move__repository__namespace", "tag_move__to_manifest")
VERSION = tuple(f"policy_version__{end}" for end in ENDS)


@admin.register(Evaluation)
class EvaluationAdmin(SearchByReference, ReadOnlyAdmin[Evaluation]):
    """When the policies were asked about a move, and why then."""

    deferred = ("tag_move__to_manifest__raw",)
    list_display = (
        moment("created_at"),
        "trigger",
        linked("tag_move"),
        "asked",
    )
    list_filter = ("trigger", "created_at")
    list_select_related = MOVE
    repository_paths = ("tag_move__repository",)
    tag_paths = ("tag_move__tag",)
    manifest_paths = ("tag_move__to_manifest",)
    ordering = ("-created_at", "-id")

    @admin.display(description="policies asked")
    def asked(self, row: Evaluation) -> int:
        return len(row.policy_versions)


@admin.register(Decision)
class DecisionAdmin(SearchByReference, ReadOnlyAdmin[Decision]):
    """What matched or waits, rule by rule."""

    deferred = (
        "tag_move__to_manifest__raw",
        "evaluation__tag_move__to_manifest__raw",
    )
    list_display = (
        moment("created_at"),
        "verdict",
        linked("policy_version"),
        linked("tag_move"),
        moment("reevaluate_at"),
        moment("expires_at"),
    )
    list_filter = ("verdict", "created_at")
    list_select_related = (
        *MOVE,
        *VERSION,
        *(f"evaluation__{path}" for path in MOVE),
    )
    repository_paths = ("tag_move__repository",)
    tag_paths = ("tag_move__tag",)
    manifest_paths = ("tag_move__to_manifest",)
    ordering = ("-created_at", "-id")


class StateFilter(admin.ChoicesFieldListFilter):
    """The states by their names; what they mean is on a promotion's own page."""

    @override
    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        names = {str(state.label): state.value for state in State}
        for choice in super().choices(changelist):
            shown = str(choice["display"])
            yield {**choice, "display": names.get(shown, shown)}


class ErrorCodeFilter(admin.SimpleListFilter):
    """The codes of the newest promotions: to look for all reads the whole table."""

    title = "error code"
    parameter_name = "error_code"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows: PromotionQuerySet = model_admin.get_queryset(request)
        return [(code, code) for code in rows.recent_error_codes()]

    @override
    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Promotion]
    ) -> QuerySet[Promotion]:
        return queryset.filter(error_code=self.value()) if self.value() else queryset


@admin.register(Promotion)
class PromotionAdmin(SearchByReference, ReadOnlyAdmin[Promotion]):
    """Promotions: the work and the record of it."""

    owners = (
        "source_repository",
        "target_namespace",
    )
    actions = ("promote_again", "cancel")
    deferred = (
        "manifest__raw",
        "tag_move__to_manifest__raw",
        "root_move__to_manifest__raw",
    )
    list_display = (
        moment("created_at"),
        "short_state",
        "source",
        "target",
        linked("policy"),
        linked("requested_by"),
        "attempts",
        "error_code",
        "reason",
        moment("finished_at"),
    )
    list_filter = (
        ("state", StateFilter),
        ErrorCodeFilter,
        ("policy", admin.EmptyFieldListFilter),
        "created_at",
    )
    list_select_related = (
        *MOVE,
        *VERSION,
        *(f"root_move__{path.removeprefix('tag_move__')}" for path in MOVE),
        *(f"policy__current_version__{end}" for end in ENDS),
        *(f"decision__{path}" for path in VERSION),
        *ENDS,
        "target_repository__namespace",
        "manifest",
        "requested_by",
        "originated_by",
    )
    repository_paths = ("source_repository", "target_repository")
    tag_paths = ("source_tag", "target_tag")
    manifest_paths = ("manifest",)
    ordering = ("-created_at", "-id")

    @admin.display(description="state", ordering="state")
    def short_state(self, promotion: Promotion) -> str:
        return promotion.state

    def has_repeat_permission(self, request: HttpRequest) -> bool:
        """Tell whether the actions are offered; the services decide for each row."""
        return self.is_open_to(request)

    @admin.action(description="Promote selected again", permissions=["repeat"])
    def promote_again(
        self, request: HttpRequest, queryset: QuerySet[Promotion]
    ) -> None:
        actor = actor_of(request)

        def again(promotion: Promotion) -> None:
            made = promote_again(actor=actor, promotion=promotion)
            wake(run_promotion, made.pk)

        apply_to_each(request, queryset, again, "Promoted again")

    @admin.action(description="Cancel selected", permissions=["repeat"])
    def cancel(
        self, request: HttpRequest, queryset: QuerySet[Promotion]
    ) -> HttpResponse | None:
        question = "Cancel these promotions?"
        consequence = (
            "What waits is not promoted; what runs is told to stop. Promote again"
            " makes a new attempt."
        )
        if page := asked_first(
            self, request, queryset, question=question, consequence=consequence
        ):
            return page
        actor = actor_of(request)
        apply_to_each(
            request,
            queryset,
            lambda promotion: cancel(actor=actor, promotion=promotion),
            "Cancelled, or told to stop",
        )
        return None


@admin.register(Watch)
class WatchAdmin(SearchByReference, ReadOnlyAdmin[Watch]):
    """Promoted images as they were found last: those that fail their policy first."""

    deferred = ("promotion__manifest__raw",)
    list_display = (
        linked("promotion"),
        moment("failing_since"),
        "why",
        moment("reviewed_at"),
    )
    list_filter = (("failing_since", admin.EmptyFieldListFilter), "reviewed_at")
    list_select_related = (
        "promotion__source_repository__namespace",
        "promotion__target_namespace",
        "promotion__target_repository__namespace",
        "promotion__manifest",
    )
    repository_paths = ("promotion__source_repository", "promotion__target_repository")
    tag_paths = ("promotion__source_tag", "promotion__target_tag")
    manifest_paths = ("promotion__manifest",)
    ordering = (F("failing_since").desc(nulls_last=True), "-id")

    @admin.display(description="fails")
    def why(self, watch: Watch) -> str:
        return "; ".join(str(outcome["sentence"]) for outcome in watch.outcomes)
