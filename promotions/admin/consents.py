"""Who agreed to which version of a policy, and where global policies may act."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin_mixins import ReadOnlyAdmin, linked, moment
from promotions.admin.policies import ENDS
from promotions.models import NamespaceAdmission, PolicyConsent
from repositories.admin.search import SearchByReference


@admin.register(PolicyConsent)
class PolicyConsentAdmin(SearchByReference, ReadOnlyAdmin[PolicyConsent]):
    """The answers of sources and targets."""

    list_display = (
        moment("decided_at"),
        "side",
        "answer",
        linked("policy_version"),
        linked("decided_by"),
        "comment",
    )
    list_filter = ("side", "answer", "created_at")
    list_select_related = (
        *(f"policy_version__{end}" for end in ENDS),
        "decided_by",
    )
    repository_paths = ("policy_version__source_repository",)
    search_help_text = "The source: namespace, or namespace/repository."
    ordering = ("-created_at", "-id")


@admin.register(NamespaceAdmission)
class NamespaceAdmissionAdmin(ReadOnlyAdmin[NamespaceAdmission]):
    """The namespaces in which global policies act."""

    list_display = (
        moment("created_at"),
        linked("policy"),
        linked("namespace"),
        linked("admitted_by"),
    )
    list_filter = ("created_at",)
    list_select_related = (
        *(
            f"policy__{version}__{end}"
            for version in ("current_version", "proposed_version")
            for end in ENDS
        ),
        "namespace",
        "admitted_by",
    )
    search_fields = ("=namespace__name",)
    search_help_text = "The name of a namespace."
    ordering = ("-created_at", "-id")
