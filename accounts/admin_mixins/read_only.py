"""Pages of what is history: everything is shown, nothing can be written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django.contrib import admin
from django.db.models import BinaryField, Model
from typing_extensions import override

from accounts.admin_mixins.columns import shown
from accounts.admin_mixins.lists import MsrAdmin
from accounts.admin_mixins.permitted import admin_of, narrowed_inline
from accounts.models import EncryptedTextField

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

M = TypeVar("M", bound=Model)


class NoWriting:
    """Refuse to add, change and delete, whoever asks."""

    def has_add_permission(self, *_args: Any) -> bool:
        return False

    def has_change_permission(self, *_args: Any) -> bool:
        return False

    def has_delete_permission(self, *_args: Any) -> bool:
        return False


class ReadOnlyAdmin(NoWriting, MsrAdmin[M]):
    """Shows every column of the model but bytes, secrets and what `hidden` names.

    Columns are not sortable: only the order by creation has an index behind it.
    """

    hidden: ClassVar[tuple[str, ...]] = ()
    sortable_by = ()

    @override
    def get_fields(self, request: HttpRequest, obj: M | None = None) -> Any:
        names = [
            field.name
            for field in self.opts.fields
            if not isinstance(field, BinaryField | EncryptedTextField)
            and field.name not in self.hidden
        ]
        return [shown(self.model, name) for name in names]


class ReadOnlyInline(NoWriting, admin.TabularInline[Any, Any]):
    """Related rows below an object, each with a link to its own page."""

    template = "admin/edit_inline/read_only.html"
    extra = 0
    show_change_link = True
    list_select_related: ClassVar[tuple[str, ...]] = ()

    @override
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may see the list of these rows may see them here."""
        del obj
        related = admin_of(self.admin_site, self.model)
        return related is not None and related.is_open_to(request)

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = narrowed_inline(self, super().get_queryset(request), request)
        return rows.select_related(*self.list_select_related)

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields or ()
