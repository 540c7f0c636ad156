"""Keys by which signatures are recognised, and the signatures found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import admin
from typing_extensions import override

from accounts.admin_mixins import (
    ReadOnlyAdmin,
    ServiceAdmin,
    ServiceForm,
    apply_to_each,
    asked_first,
    linked,
    moment,
)
from accounts.authentication import actor_of
from repositories.admin.search import SearchByReference
from repositories.models import AttachmentNotice, ImageSignature, SigningKey
from repositories.services import signing_keys

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet
    from django.http import HttpRequest, HttpResponse


class SigningKeyForm(ServiceForm):
    """A new key; without a namespace it is the whole registry's."""

    class Meta:
        widgets = {"public_key": forms.Textarea(attrs={"rows": 8, "cols": 70})}

    @override
    def run(self) -> Model:
        given = self.cleaned_data
        return signing_keys.create(
            actor=self.actor,
            namespace=given["namespace"],
            name=given["name"],
            public_key=given["public_key"],
        )


@admin.register(SigningKey)
class SigningKeyAdmin(ServiceAdmin[SigningKey]):
    """Keys of all namespaces and of the registry: registered and retired."""

    owners = ("namespace",)
    form = SigningKeyForm
    add_fields = ("namespace", "name", "public_key")
    fields = (
        "reference",
        "namespace",
        "name",
        "public_key",
        "fingerprint",
        "created_by",
        "created_at",
        "retired_at",
        "noticed_at",
        "uuid",
    )
    actions = ("retire",)
    autocomplete_fields = ("namespace",)
    list_display = (
        "reference",
        linked("namespace"),
        "fingerprint",
        linked("created_by"),
        moment("created_at"),
        moment("retired_at"),
    )
    list_filter = (("retired_at", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("namespace", "created_by")
    search_fields = ("namespace__name", "name")
    search_help_text = "Parts of the namespace's or the key's name."
    ordering = ("-created_at", "-id")

    @admin.display(description="what rules call it")
    def reference(self, row: SigningKey) -> str:
        return row.reference

    @admin.display(description="fingerprint (SHA-256)")
    def fingerprint(self, row: SigningKey) -> str:
        return row.fingerprint

    def has_retire_permission(self, request: HttpRequest) -> bool:
        """Tell whether the action is offered; the service decides for each key."""
        return self.is_open_to(request)

    @admin.action(description="Retire selected keys", permissions=["retire"])
    def retire(
        self, request: HttpRequest, queryset: QuerySet[SigningKey]
    ) -> HttpResponse | None:
        question = "Retire these keys?"
        consequence = (
            "Signatures by them count no more: policies that ask for one stop matching."
            " This cannot be undone."
        )
        if page := asked_first(
            self, request, queryset, question=question, consequence=consequence
        ):
            return page
        actor = actor_of(request)
        apply_to_each(
            request,
            queryset.filter(retired_at__isnull=True),
            lambda key: signing_keys.retire(actor=actor, key=key),
            "Keys retired",
        )
        return None


@admin.register(ImageSignature)
class ImageSignatureAdmin(SearchByReference, ReadOnlyAdmin[ImageSignature]):
    """Signatures as they were found; whose they are is asked when a rule asks."""

    deferred = ("payload", "signature", "manifest__raw")
    list_display = (moment("created_at"), "subject_digest", linked("manifest"))
    list_filter = ("created_at",)
    list_select_related = ("manifest",)
    repository_paths = ()
    manifest_paths = ("manifest",)
    search_help_text = "The digest of a signature manifest."
    ordering = ("-created_at", "-id")


@admin.register(AttachmentNotice)
class AttachmentNoticeAdmin(SearchByReference, ReadOnlyAdmin[AttachmentNotice]):
    """Images with attachments, and whether policies have heard the latest news."""

    list_display = (
        moment("changed_at"),
        linked("repository"),
        "subject_digest",
        moment("noticed_at"),
    )
    list_filter = (("noticed_at", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("repository__namespace",)
    search_help_text = "namespace, or namespace/repository"
    ordering = ("-created_at", "-id")
