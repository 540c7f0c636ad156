"""People: created with their namespace, changed with an audit entry, never deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.db import transaction
from django.http import HttpResponseRedirect
from django.utils.decorators import method_decorator
from typing_extensions import override

from accounts.admin_mixins import (
    AuditedForm,
    ServiceAdmin,
    ServiceForm,
    apply_to_each,
    asked_first,
    if_really_you,
    linked,
    moment,
    to_send_if_really_you,
)
from accounts.authentication import actor_of
from accounts.models import User
from accounts.services import audit, factors, sessions, users

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet
    from django.http import HttpRequest, HttpResponse

# Groups are the inside of teams: their members and rights change with the team.
admin.site.unregister(Group)


class NewUserForm(ServiceForm, AdminUserCreationForm[User]):
    """A name, an e-mail address and a password, checked as Django's own form does."""

    renamed = {"name": "username"}

    @override
    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        person = User(
            username=cleaned.get("username", ""), email=cleaned.get("email", "")
        )
        self.validate_password_for_user(person)
        return cleaned

    @override
    def run(self) -> Model:
        given = self.cleaned_data
        return users.create(
            actor=self.actor,
            username=given["username"],
            password=given["password1"] if given["set_usable_password"] else None,
            email=given["email"],
            is_superuser=given.get("is_superuser", False),
        )


class ChangedUserForm(AuditedForm, UserChangeForm[User]):
    """What an administrator changes about a person; the name stays."""


@admin.register(User)
class UserAdmin(ServiceAdmin[User], DjangoUserAdmin[User]):
    """People. Whoever leaves is disabled, not deleted: the history refers to them.

    For superusers only: accounts belong to no tenant. A session that was left open, or
    stolen, makes nobody an administrator and signs in as nobody: each way to that asks
    first whether it is really you.
    """

    form = ChangedUserForm
    add_form = NewUserForm
    fieldsets = None
    add_fields = (
        "username",
        "email",
        "usable_password",
        "password1",
        "password2",
        "is_superuser",
    )
    fields = (
        "username",
        "password",
        "namespace",
        "first_name",
        "last_name",
        "email",
        "is_active",
        "is_staff",
        "is_superuser",
        "last_login",
        "date_joined",
        "uuid",
    )
    editable = (
        "password",
        "first_name",
        "last_name",
        "email",
        "is_active",
        "is_staff",
        "is_superuser",
    )
    filter_horizontal = ()
    actions = ("disable", "enable", "end_sessions", "remove_factors")
    list_display = (
        "username",
        "email",
        linked("namespace"),
        "is_active",
        "is_staff",
        "is_superuser",
        moment("last_login"),
        moment("date_joined"),
    )
    list_filter = ("is_active", "is_staff", "is_superuser", "last_login")
    list_select_related = ("namespace",)
    search_fields = ("username", "email", "first_name", "last_name")

    @override
    def has_change_permission(
        self, request: HttpRequest, obj: User | None = None
    ) -> bool:
        """Robots are changed by the admins of their namespace, and get no password."""
        is_robot = obj is not None and obj.is_robot
        return not is_robot and super().has_change_permission(request, obj)

    def has_rescue_permission(self, request: HttpRequest) -> bool:
        """Tell whether the actions are offered; the services decide for each user."""
        return bool(request.user.is_superuser)

    @admin.action(
        description="Remove all second factors (lost device) of selected people",
        permissions=["rescue"],
    )
    @method_decorator(if_really_you)
    def remove_factors(
        self, request: HttpRequest, queryset: QuerySet[User]
    ) -> HttpResponse | None:
        consequence = "Until they add a new one, their password alone signs them in."
        question = "Remove the second factors of these people?"
        if page := asked_first(
            self, request, queryset, question=question, consequence=consequence
        ):
            return page
        actor = actor_of(request)
        apply_to_each(
            request,
            queryset,
            lambda user: factors.remove_all(actor=actor, user=user),
            "People without second factors",
        )
        return None

    @override
    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        return [(None, {"fields": self.get_fields(request, obj)})]

    @admin.action(description="Disable selected people", permissions=["change"])
    def disable(
        self, request: HttpRequest, queryset: QuerySet[User]
    ) -> HttpResponse | None:
        consequence = (
            "They are signed out, cannot sign in again, and their access tokens do"
            " nothing. What they made stays; enabling them undoes it."
        )
        question = "Disable these people?"
        if page := asked_first(
            self, request, queryset, question=question, consequence=consequence
        ):
            return page
        self._set_active(request, queryset.filter(is_active=True), to=False)
        return None

    @admin.action(description="Enable selected people", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._set_active(request, queryset.filter(is_active=False), to=True)

    @admin.action(description="End sessions of selected people", permissions=["change"])
    def end_sessions(
        self, request: HttpRequest, queryset: QuerySet[User]
    ) -> HttpResponse | None:
        consequence = "They have to sign in again in every browser. Tokens go on."
        question = "End the sessions of these people?"
        if page := asked_first(
            self, request, queryset, question=question, consequence=consequence
        ):
            return page
        actor = actor_of(request)
        apply_to_each(
            request,
            queryset,
            lambda user: sessions.end_all(actor=actor, user=user),
            "People signed out",
        )
        return None

    def _set_active(
        self, request: HttpRequest, rows: QuerySet[User], *, to: bool
    ) -> None:
        actor = actor_of(request)
        apply_to_each(
            request,
            rows,
            lambda user: users.set_active(actor=actor, user=user, is_active=to),
            "People enabled" if to else "People disabled",
        )

    @override
    @method_decorator(if_really_you)
    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().add_view(request, *args, **kwargs)

    @override
    @method_decorator(to_send_if_really_you)
    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().change_view(request, *args, **kwargs)

    @override
    @method_decorator(if_really_you)
    def user_change_password(
        self,
        request: HttpRequest,
        id: str,
        form_url: str = "",
    ) -> HttpResponse:
        """Change the password by Django's form, and write the audit entry with it."""
        with transaction.atomic():
            response = super().user_change_password(request, id, form_url)
            user = self.get_object(request, unquote(id))
            if user is not None and isinstance(response, HttpResponseRedirect):
                audit.record(
                    actor=actor_of(request),
                    action="change password",
                    subject=user,
                    namespace=user.namespace,
                    after={"password": "changed"},
                )
        return response
