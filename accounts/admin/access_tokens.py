"""Access tokens: issued with the secret shown once, revoked, never changed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.utils import timezone
from django.utils.decorators import method_decorator
from typing_extensions import override

from accounts.access import TokenScope
from accounts.admin_mixins import (
    ServiceAdmin,
    ServiceForm,
    apply_to_each,
    asked_first,
    if_really_you,
    linked,
    moment,
)
from accounts.authentication import actor_of
from accounts.models import AccessToken
from accounts.services import access_tokens

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet
    from django.http import HttpRequest, HttpResponse

MAX_DAYS_DIGITS = 4


class AccessTokenForm(ServiceForm):
    """A new token; `secret` holds what can be shown only now."""

    scopes = forms.MultipleChoiceField(
        choices=TokenScope.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=list(TokenScope.values),
    )
    secret = ""

    @override
    def run(self) -> Model:
        given = self.cleaned_data
        issued = access_tokens.issue(
            actor=self.actor,
            user=given["user"],
            label=given["label"],
            scopes=[TokenScope(scope) for scope in given["scopes"]],
            namespace=given["namespace"],
            expires_at=given["expires_at"],
        )
        self.secret = issued.secret
        return issued.row


class UnusedFilter(admin.SimpleListFilter):
    """Tokens that nobody has used for long, and so may not need."""

    title = "unused"
    parameter_name = "unused"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("30", "for 30 days"), ("90", "for 90 days"), ("365", "for a year")]

    @override
    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> QuerySet[Any] | None:
        days = self.value() or ""
        if not days.isdecimal() or len(days) > MAX_DAYS_DIGITS:
            return queryset
        moment = timezone.now() - timedelta(days=int(days))
        unused = AccessToken.objects.unused_since(moment)
        return queryset.filter(pk__in=unused.values("pk"))


@admin.register(AccessToken)
class AccessTokenAdmin(ServiceAdmin[AccessToken]):
    """Access tokens of everybody."""

    form = AccessTokenForm
    add_fields = ("user", "label", "scopes", "namespace", "expires_at")
    fields = (
        "user",
        "label",
        "prefix",
        "scopes",
        "namespace",
        "is_active",
        "revoked_at",
        "expires_at",
        "last_used_at",
        "created_at",
        "generated_by",
        "creator_ua",
        "uuid",
    )
    actions = ("revoke",)
    autocomplete_fields = ("user", "namespace")
    deferred = ("secret_hash",)
    list_display = (
        "label",
        "prefix",
        linked("user"),
        linked("namespace"),
        "allowed",
        "is_active",
        moment("expires_at"),
        moment("last_used_at"),
    )
    list_filter = ("is_active", UnusedFilter, "expires_at", "last_used_at")
    list_select_related = ("user__namespace", "namespace")
    search_fields = ("label", "=prefix", "user__username")
    ordering = ("-created_at", "-id")

    @admin.display(description="scopes")
    def allowed(self, row: AccessToken) -> str:
        return ", ".join(row.scopes)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Tell whether the action is offered; the service decides for each token."""
        return self.is_open_to(request)

    @admin.action(description="Revoke selected access tokens", permissions=["revoke"])
    def revoke(
        self, request: HttpRequest, queryset: QuerySet[AccessToken]
    ) -> HttpResponse | None:
        question = "Revoke these access tokens?"
        consequence = "Whatever uses them is refused at once. This cannot be undone."
        if page := asked_first(
            self, request, queryset, question=question, consequence=consequence
        ):
            return page
        actor = actor_of(request)
        apply_to_each(
            request,
            queryset.filter(revoked_at__isnull=True),
            lambda token: access_tokens.revoke(actor=actor, token=token),
            "Access tokens revoked",
        )
        return None

    @override
    @method_decorator(if_really_you)
    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Ask first whether it is really you: a token outlives a stolen session."""
        return super().add_view(request, *args, **kwargs)

    @override
    def save_model(
        self, request: HttpRequest, obj: AccessToken, form: Any, change: Any
    ) -> None:
        self.message_user(
            request,
            f"Copy the access token of {obj.user} now, it is not shown again:"
            f" {form.secret}",
            messages.WARNING,
        )
