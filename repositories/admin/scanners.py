"""Who scans: the built-in inventory, Trivy, and adapters of Harbor's scanner API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from typing_extensions import override

from accounts.admin_mixins import (
    REFUSALS,
    ServiceAdmin,
    ServiceForm,
    linked,
    moment,
    sentence_of,
)
from accounts.authentication import actor_of
from repositories.models import Scanner
from repositories.services import scanners

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

    from accounts.access import Actor

OF_ADAPTERS = ("url", "authentication", "username", "secret", "ca_certificate")
OF_ALL = ("is_enabled", "position")


class ScannerForm(ServiceForm):
    """A new adapter, or changes to one; of other scanners only use and place."""

    class Meta:
        widgets = {
            "url": forms.URLInput(attrs={"size": 60}),
            "secret": forms.PasswordInput(attrs={"autocomplete": "new-password"}),
            "ca_certificate": forms.Textarea(attrs={"rows": 8, "cols": 70}),
        }
        help_texts = {
            "secret": (
                "The password or the bearer token; never shown again. Empty keeps the"
                " one there is."
            ),
        }

    @override
    def run(self) -> Scanner:
        given = self.cleaned_data
        if self.is_new:
            return scanners.create(
                actor=self.actor,
                namespace=given["namespace"],
                name=given["name"],
                draft=self._draft(),
            )
        scanner: Scanner = self.instance
        if scanner.kind == Scanner.Kind.ADAPTER:
            return scanners.edit(actor=self.actor, scanner=scanner, draft=self._draft())
        values = {name: given[name] for name in OF_ALL}
        return scanners.arrange(actor=self.actor, scanner=scanner, **values)

    def _draft(self) -> scanners.Draft:
        names = (*OF_ADAPTERS, *OF_ALL)
        return scanners.Draft(**{name: self.cleaned_data[name] for name in names})


@admin.register(Scanner)
class ScannerAdmin(ServiceAdmin[Scanner]):
    """Scanners in the order in which they count."""

    owners = ("namespace",)
    form = ScannerForm
    add_fields = ("namespace", "name", *OF_ADAPTERS, *OF_ALL)
    fields = (
        "name",
        "kind",
        "namespace",
        *OF_ADAPTERS,
        *OF_ALL,
        "metadata",
        "checked_at",
        "check_error",
        "uuid",
    )
    editable = (*OF_ADAPTERS, *OF_ALL)
    actions = ("test_connection",)
    autocomplete_fields = ("namespace",)
    list_display = (
        "name",
        "kind",
        linked("namespace"),
        "url",
        "is_enabled",
        "position",
        moment("checked_at"),
        "check_error",
    )
    list_select_related = ("namespace",)
    search_fields = ("=name", "=namespace__name")
    search_help_text = "A scanner's or a namespace's name."
    ordering = ("position", "id")

    @override
    def get_fields(self, request: HttpRequest, obj: Scanner | None = None) -> Any:
        names = super().get_fields(request, obj)
        if obj is None or obj.kind == Scanner.Kind.ADAPTER:
            return names
        return [name for name in names if name not in OF_ADAPTERS]

    def has_check_permission(self, request: HttpRequest) -> bool:
        """Tell whether the action is offered; the service decides for each scanner."""
        return self.is_open_to(request)

    @admin.action(description="Test connection", permissions=["check"])
    def test_connection(
        self, request: HttpRequest, queryset: QuerySet[Scanner]
    ) -> None:
        actor = actor_of(request)
        for scanner in queryset:
            level, said = _tested(actor, scanner)
            self.message_user(request, f"{scanner}: {said}", level)


def _tested(actor: Actor, scanner: Scanner) -> tuple[int, str]:
    try:
        checked = scanners.check(actor=actor, scanner=scanner)
    except REFUSALS as refusal:
        return messages.ERROR, sentence_of(refusal)
    if checked.check_error:
        return messages.ERROR, checked.check_error
    return messages.SUCCESS, scanners.described(checked)
