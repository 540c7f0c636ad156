"""Pages that write through the services: rights, rules and the audit log are theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django import forms
from django.contrib import messages
from django.core.exceptions import (
    NON_FIELD_ERRORS,
    PermissionDenied,
    ValidationError,
)
from django.db import transaction
from django.db.models import Model
from django.http import Http404, HttpResponseRedirect
from django.urls import reverse
from typing_extensions import override

from accounts.admin_mixins.columns import shown
from accounts.admin_mixins.lists import MsrAdmin
from accounts.authentication import actor_of
from accounts.permissions import require_administrator
from accounts.services import audit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from accounts.access import Actor
    from accounts.models import Namespace

M = TypeVar("M", bound=Model)

REFUSALS = (ValidationError, PermissionDenied, Http404)


def sentence_of(refusal: Exception) -> str:
    """Return what a service said when it refused, for a message on a page."""
    if isinstance(refusal, ValidationError):
        return " ".join(refusal.messages)
    return str(refusal) or "You may not do this."


class Refused(Exception):
    """A service refused to delete; carries its sentence."""


class ServiceForm(forms.ModelForm[Any]):
    """A form whose last step of validation is the service itself.

    The service runs in a savepoint: what it refuses is an error of the form, and
    nothing of it is kept. The instance is not touched before.
    """

    actor: ClassVar[Actor]
    renamed: ClassVar[Mapping[str, str]] = {}  # the service's field to the form's

    @property
    def is_new(self) -> bool:
        return self.instance.pk is None

    def run(self) -> Model:
        """Call the service with the cleaned data; return the row it wrote.

        Refuses unless a subclass says which service: nothing is saved past them all.
        """
        message = "This cannot be changed here."
        raise PermissionDenied(message)

    def _post_clean(self) -> None:
        if self.errors:
            return
        try:
            with transaction.atomic():
                self.instance = self.run()
        except REFUSALS as refusal:
            self._refuse(refusal)

    def _refuse(self, refusal: Exception) -> None:
        if not (
            isinstance(refusal, ValidationError) and hasattr(refusal, "error_dict")
        ):
            self.add_error(None, sentence_of(refusal))
            return
        for name, errors in refusal.message_dict.items():
            field = self.renamed.get(name, name)
            known = field in self.fields and field != NON_FIELD_ERRORS
            self.add_error(field if known else None, errors)


class AuditedForm(ServiceForm):
    """A form for plain columns that no service changes; writes the audit entry."""

    def namespace_of(self, row: Any) -> Namespace | None:
        """Return the namespace under which the audit entry is found."""
        namespace: Namespace | None = row.namespace
        return namespace

    @override
    def run(self) -> Model:
        require_administrator(self.actor)
        row: Model = type(self.instance)._default_manager.get(pk=self.instance.pk)
        changed = [name for name in self.changed_data if name in self.cleaned_data]
        before = _plain(row, changed)
        for name in changed:
            setattr(row, name, self.cleaned_data[name])
        row.full_clean()
        if changed:
            row.save(update_fields=changed)
            audit.record(
                actor=self.actor,
                action="update",
                subject=row,
                namespace=self.namespace_of(row),
                before=before,
                after=_plain(row, changed),
            )
        return row


def _plain(row: Model, names: list[str]) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in names}
    return {
        name: str(value) if isinstance(value, Model) else value
        for name, value in values.items()
    }


class ServiceAdmin(MsrAdmin[M]):
    """Adds, changes and deletes through services.

    `add_fields` are those of the page to add one, `fields` those of an existing
    object, of which `editable` can be changed. Empty means: not possible here.
    What an AuditedForm changes is for superusers.
    """

    form: type[ServiceForm]
    add_fields: ClassVar[tuple[str, ...]] = ()
    fields: ClassVar[tuple[str, ...]] = ()
    editable: ClassVar[tuple[str, ...]] = ()
    deletable: ClassVar[bool] = False

    def remove(self, actor: Actor, obj: M) -> None:
        """Delete the object through its service; refuses unless a subclass can."""
        message = f"{actor.name} cannot delete {obj} here."
        raise PermissionDenied(message)

    # --- what can be done -------------------------------------------------------

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(self.add_fields) and super().has_add_permission(request)

    @override
    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        audited = issubclass(self.form, AuditedForm)
        return (
            bool(self.editable)
            and (request.user.is_superuser or not audited)
            and super().has_change_permission(request, obj)
        )

    @override
    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return self.deletable and super().has_delete_permission(request, obj)

    # --- the form -----------------------------------------------------------------

    @override
    def get_fields(self, request: HttpRequest, obj: M | None = None) -> Any:
        if obj is None:
            return self.add_fields
        return [
            name if name in self.editable else shown(self.model, name)
            for name in self.fields
        ]

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: M | None = None) -> Any:
        if obj is None:
            return ()
        return [
            name for name in self.get_fields(request, obj) if name not in self.editable
        ]

    @override
    def get_form(
        self,
        request: HttpRequest,
        obj: M | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.actor = actor_of(request)  # the class was made for this request
        self.narrow_choices(form, request)
        return form

    @override
    def get_inline_instances(self, request: HttpRequest, obj: M | None = None) -> Any:
        """Return the lists below a form; they are for reading, so a POST has none."""
        if obj is None or request.method == "POST":
            return []
        return super().get_inline_instances(request, obj)

    @override
    def save_form(self, request: HttpRequest, form: Any, change: Any) -> Any:
        return form.instance

    @override
    def save_model(self, request: HttpRequest, obj: M, form: Any, change: Any) -> None:
        """Do nothing: the service has saved."""

    @override
    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: Any
    ) -> None:
        """Do nothing: the service has saved."""

    # --- deleting and actions -------------------------------------------------------

    @override
    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Name the objects themselves; what goes with them is the service's affair."""
        del request
        return [str(obj) for obj in objs], {}, set(), []

    @override
    def delete_model(self, request: HttpRequest, obj: M) -> None:
        try:
            self.remove(actor_of(request), obj)
        except REFUSALS as refusal:
            raise Refused(sentence_of(refusal)) from refusal

    @override
    def delete_view(
        self,
        request: HttpRequest,
        object_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except Refused as refused:
            self.message_user(request, str(refused), messages.ERROR)
            name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
            return HttpResponseRedirect(reverse(name, args=(object_id,)))


REFUSALS_NAMED = 10


def apply_to_each(
    request: HttpRequest,
    rows: QuerySet[Any],
    service: Callable[[Any], object],
    done: str,
) -> None:
    """Run an action's service for every row; say what happened, and what not and why.

    `rows` are what the action fits; what was chosen besides is not mentioned.
    """
    succeeded, refused = 0, []
    for row in rows:
        try:
            service(row)
        except REFUSALS as refusal:
            refused.append(f"{row}: {sentence_of(refusal)}")
        else:
            succeeded += 1
    for sentence in refused[:REFUSALS_NAMED]:
        messages.error(request, sentence)
    if (rest := len(refused) - REFUSALS_NAMED) > 0:
        messages.error(request, f"Refused besides: {rest}.")
    if succeeded:
        messages.success(request, f"{done}: {succeeded}.")
    elif not refused:
        messages.warning(request, f"{done}: none. This fits none of those chosen.")
