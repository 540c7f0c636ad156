"""Staff who are no superusers see and touch only what they administer.

Whoever is a superuser may do everything; other staff get the pages of the models that
say who owns their rows, and of those the rows whose owners they administer. Django's
own permissions on models are not asked: they know no tenants.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from django import forms
from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import ForeignObject, Model
from typing_extensions import override

from accounts.access import Action
from accounts.authentication import actor_of
from accounts.models import EncryptedTextField, Namespace, User

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.contrib.admin.options import InlineModelAdmin
    from django.db.models import QuerySet
    from django.http import HttpRequest

    from accounts.access import Actor
    from accounts.querysets import PermittedQuerySet

M = TypeVar("M", bound=Model)

ITSELF = "pk"


class PermittedObjectsAdmin(admin.ModelAdmin[M]):
    """Lists, objects, choices and lookups, narrowed to what the reader administers.

    `owners` are paths from a row to the namespaces and repositories that it belongs
    to, all of which one must administer; a row whose path leads nowhere is nobody's.
    Without any, the model is for superusers only: so is every new one.
    """

    owners: ClassVar[tuple[str, ...]] = ()

    # --- which models ---------------------------------------------------------------

    def is_open_to(self, request: HttpRequest) -> bool:
        """Tell whether the reader has pages of this model at all."""
        return bool(
            request.user.is_superuser or (request.user.is_staff and self.owners)
        )

    @override
    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.is_open_to(request)

    @override
    def has_view_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return self.is_open_to(request)

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.is_open_to(request)

    @override
    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return self.is_open_to(request)

    @override
    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return self.is_open_to(request)

    # --- which rows -----------------------------------------------------------------

    def permitted(self, rows: QuerySet[M], actor: Actor) -> QuerySet[M]:
        """Return the rows of which the actor, who is no superuser, is an admin."""
        if not self.owners:
            return rows.none()
        for path in self.owners:
            owner = _model_at(self.model, path)
            keys = owner.permitted(actor, Action.ADMIN).values("pk")
            rows = rows.filter(**{f"{path}__in": keys})
        return rows

    def narrowed(self, rows: QuerySet[M], request: HttpRequest) -> QuerySet[M]:
        """Return the rows that the reader of this page may know of."""
        if request.user.is_superuser:
            return rows
        return self.permitted(rows, actor_of(request))

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        return self.narrowed(super().get_queryset(request), request)

    # --- what can be chosen ---------------------------------------------------------

    @override
    def get_field_queryset(
        self, db: str | None, db_field: Any, request: HttpRequest
    ) -> QuerySet[Any] | None:
        if request.user.is_superuser:
            return super().get_field_queryset(db, db_field, request)
        return self.choices_of(db_field.remote_field.model, request)

    def choices_of(self, model: type[Model], request: HttpRequest) -> QuerySet[Any]:
        """Return the objects of another model that the reader may refer to."""
        related = admin_of(self.admin_site, model)
        if related is not None and related.is_open_to(request):
            return related.get_queryset(request)
        return acquainted(actor_of(request)) if model is User else _none(model)

    @override
    def get_autocomplete_fields(self, request: HttpRequest) -> Any:
        """Leave out what can be looked up in closed lists only: its choices are few."""
        names = super().get_autocomplete_fields(request)
        return [name for name in names if self._is_open(name, request)]

    def _is_open(self, name: str, request: HttpRequest) -> bool:
        model = cast("Any", self.opts.get_field(name)).remote_field.model
        related = admin_of(self.admin_site, model)
        return related is not None and related.is_open_to(request)

    def narrow_choices(self, form: type[forms.ModelForm[Any]], request: Any) -> None:
        """Narrow the choices that a form declares itself, for this request's class."""
        if request.user.is_superuser:
            return
        for name, field in form.base_fields.items():
            if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
                narrowed = copy(field)
                narrowed.queryset = self.choices_of(field.queryset.model, request)
                form.base_fields[name] = narrowed

    # --- what can be asked ----------------------------------------------------------

    @override
    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Allow what the filters of the list ask, and following a link to it.

        Anything else in the address would answer questions about what is not shown.
        """
        name, _, rest = lookup.partition("__")
        if name in self._secret_columns():
            return False
        if request.user.is_superuser:
            return super().lookup_allowed(lookup, value, request)
        if name in set(self._filtered(request)):
            return "__" not in rest
        return lookup in {f"{key}__id__exact" for key in self._links()}

    def _secret_columns(self) -> set[str]:
        return {
            field.name
            for field in self.opts.fields
            if isinstance(field, EncryptedTextField) or field.name == "password"
        }

    def _filtered(self, request: HttpRequest) -> Iterator[str]:
        entries: Any = self.get_list_filter(request)
        for entry in entries:
            named = entry[0] if isinstance(entry, tuple) else entry
            if isinstance(named, str):
                yield named
            elif issubclass(named, SimpleListFilter):
                yield str(named.parameter_name)
        if self.date_hierarchy:
            yield self.date_hierarchy

    def _links(self) -> Iterator[str]:
        for field in self.opts.fields:
            if isinstance(field, ForeignObject):
                yield field.name


def narrowed_inline(
    inline: InlineModelAdmin[Any, Any], rows: QuerySet[Any], request: HttpRequest
) -> QuerySet[Any]:
    """Return the rows below an object that the list of their model would show."""
    related = admin_of(inline.admin_site, inline.model)
    return rows.none() if related is None else related.narrowed(rows, request)


def admin_of(
    site: admin.AdminSite, model: type[Model]
) -> PermittedObjectsAdmin[Any] | None:
    """Return the pages of a model; None for what has none that know of tenants."""
    if not site.is_registered(model):
        return None
    found = site.get_model_admin(model)
    return found if isinstance(found, PermittedObjectsAdmin) else None


def acquainted(actor: Actor) -> QuerySet[User]:
    """Return the members of the organizations that the actor administers."""
    own = Namespace.objects.permitted(actor, Action.ADMIN).values("pk")
    members = User.objects.filter(memberships__organization__namespace__in=own)
    return User.objects.filter(pk__in=members.values("pk")).order_by("username")


def _none(model: type[Model]) -> QuerySet[Any]:
    return model._default_manager.none()


def _model_at(model: type[Model], path: str) -> PermittedQuerySet[Any]:
    """Return all rows of the model at the end of the path."""
    for name in () if path == ITSELF else path.split("__"):
        model = cast("Any", model._meta.get_field(name)).related_model
    return cast("PermittedQuerySet[Any]", model._default_manager.all())
