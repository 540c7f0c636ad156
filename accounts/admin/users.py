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
from typing_extensions import override

from accounts.admin_mixins import (
    AuditedForm,
    ServiceAdmin,
    ServiceForm,
    apply_to_each,
    linked,
    moment,
)
from accounts.authentication import actor_of
from accounts.models import User
from accounts.services import audit, factors, sessions, users

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet
    from django.http import HttpRequest, HttpResponse

# Groups are the inside of teams: their members and rights change with the team.
admin.site.unregister(Group)

FLAGS_OF_SUPERUSERS = ("is_staff", "is_superuser")


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
    """People. Whoever leaves is disabled, not deleted: the history refers to them."""

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
    actions = ("remove_factors", "end_sessions")

    def has_rescue_permission(self, request: HttpRequest) -> bool:
        """Tell whether the actions are offered; the services decide for each user."""
        return bool(request.user.is_superuser)

    @admin.action(
        description="Remove all second factors (lost device) of selected users",
        permissions=["rescue"],
    )
    def remove_factors(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        actor = actor_of(request)
        apply_to_each(
            request,
            queryset,
            lambda user: factors.remove_all(actor=actor, user=user),
            "Users without second factors",
        )

    @admin.action(
        description="End all sessions of selected users", permissions=["rescue"]
    )
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        actor = actor_of(request)
        apply_to_each(
            request,
            queryset,
            lambda user: sessions.end_all(actor=actor, user=user),
            "Users signed out everywhere",
        )

    @override
    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        return [(None, {"fields": self.get_fields(request, obj)})]

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        names = super().get_readonly_fields(request, obj)
        if request.user.is_superuser:
            return names
        return [*names, *FLAGS_OF_SUPERUSERS]

    @override
    def has_change_permission(
        self, request: HttpRequest, obj: User | None = None
    ) -> bool:
        """Keep staff who are no superusers from the passwords of those who are."""
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    @override
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
