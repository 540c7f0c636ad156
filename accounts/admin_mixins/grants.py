"""Pages of grants: one row per grantee and object, whose level can be changed."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from typing_extensions import override

from accounts.access import AccessLevel, GrantKind
from accounts.admin_mixins.columns import link, linked
from accounts.admin_mixins.read_only import ReadOnlyInline
from accounts.admin_mixins.services import ServiceAdmin, ServiceForm
from accounts.models import GrantBase, Team, TeamMembership, User
from accounts.services import grants

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet
    from django.http import HttpRequest

    from accounts.access import Actor

TEAM_OF_GROUP = "group__team__organization__namespace"


class GrantForm(ServiceForm):
    """The level that somebody has on an object; grants through the service."""

    holder: ClassVar[str]  # the path from a grant's row to who has it
    level = forms.ChoiceField(choices=AccessLevel.choices)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_new:
            self.fields["content_object"].label = "On"
            return
        given: AccessLevel = self.instance.level
        alone = given == AccessLevel.SCAN
        self.fields["level"].initial = given.value
        cast("forms.ChoiceField", self.fields["level"]).choices = [
            (level.value, level.label)
            for level in AccessLevel
            if (level == AccessLevel.SCAN) == alone
        ]

    def grantee(self) -> Team | User:
        """Return who is given the level: what the form says, or the row."""
        field = self.holder.rpartition(".")[2]
        found: Team | User = (
            self.cleaned_data[field]
            if self.is_new
            else attrgetter(self.holder)(self.instance)
        )
        return found

    @override
    def run(self) -> Model:
        given = self.cleaned_data
        on = given["content_object"] if self.is_new else self.instance.content_object
        level = AccessLevel(given["level"])
        return grants.grant(actor=self.actor, level=level, to=self.grantee(), on=on)


class UserGrantForm(GrantForm):
    """A grant to one person."""

    holder = "user"


class TeamGrantForm(GrantForm):
    """A grant to a team, whose auth group stands in the row."""

    holder = "group.team"
    team = forms.ModelChoiceField(
        Team.objects.select_related("organization__namespace"),
        widget=AutocompleteSelect(TeamMembership._meta.get_field("team"), admin.site),
    )


class LevelFilter(admin.SimpleListFilter):
    """Filter grants by level; the choices are fixed, so they cost no query."""

    title = "level"
    parameter_name = "level"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return AccessLevel.choices

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        return queryset.filter(permission__codename=self.value())


class GrantAdmin(ServiceAdmin[Any]):
    """What the pages of all four tables of grants have in common."""

    owners = ("content_object",)
    form: type[GrantForm]
    list_filter = (LevelFilter,)
    editable = ("level",)
    deletable = True

    @admin.display(description="level")
    def level(self, row: GrantBase) -> str:
        return row.level.label

    @override
    def remove(self, actor: Actor, obj: Any) -> None:
        kind, of = GrantKind(obj.kind), attrgetter(self.form.holder)(obj)
        grants.revoke(actor=actor, of=of, on=obj.content_object, kind=kind)


class UserGrantAdmin(GrantAdmin):
    """Grants to single people."""

    form = UserGrantForm
    add_fields = ("user", "content_object", "level")
    fields = ("user", "content_object", "level")
    autocomplete_fields = ("user", "content_object")
    list_display = ("__str__", linked("user"), linked("content_object", "on"), "level")
    list_select_related = ("user", "content_object", "permission")


class TeamGrantAdmin(GrantAdmin):
    """Grants to teams."""

    form = TeamGrantForm
    add_fields = ("team", "content_object", "level")
    fields = ("team", "content_object", "level")
    autocomplete_fields = ("content_object",)
    list_display = ("__str__", "team", linked("content_object", "on"), "level")
    list_select_related = (TEAM_OF_GROUP, "content_object", "permission")

    @admin.display(description="team")
    def team(self, row: Any) -> str:
        return link(row.group.team)


class GrantInline(ReadOnlyInline):
    """Who was given what on the object above."""

    fk_name = "content_object"
    list_select_related: ClassVar[tuple[str, ...]] = ("user", "permission")
    verbose_name_plural = "people with a grant"
    fields: ClassVar[tuple[str, ...]] = ("user", "level")

    @admin.display(description="level")
    def level(self, row: GrantBase) -> str:
        return row.level.label


class TeamGrantInline(GrantInline):
    """Which teams were given what on the object above."""

    list_select_related: ClassVar[tuple[str, ...]] = (TEAM_OF_GROUP, "permission")
    verbose_name_plural = "teams with a grant"
    fields = ("team", "level")

    @admin.display(description="team")
    def team(self, row: Any) -> str:
        return link(row.group.team)
