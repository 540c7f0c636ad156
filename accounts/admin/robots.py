"""Robots and what lets CI in as one: for reading, but for the issuers allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from typing_extensions import override

from accounts.admin_mixins import (
    ReadOnlyAdmin,
    ServiceAdmin,
    ServiceForm,
    linked,
    moment,
)
from accounts.models import CITrust, Robot, TrustedIssuer, UsedAssertion
from accounts.services import trusted_issuers

if TYPE_CHECKING:
    from django.db.models import Model


@admin.register(Robot)
class RobotAdmin(ReadOnlyAdmin[Robot]):
    """Robots of all namespaces; admins of a namespace change its own in the portal."""

    owners = ("namespace",)
    list_display = (
        "__str__",
        linked("namespace"),
        linked("responsible"),
        "is_active",
        moment("expires_at"),
        moment("created_at"),
    )
    list_filter = ("user__is_active", "expires_at")
    list_select_related = ("namespace", "responsible", "user")
    search_fields = ("user__username", "responsible__username")
    search_help_text = "Parts of the robot's or the responsible person's name."
    ordering = ("-created_at", "-id")

    @admin.display(boolean=True, description="active")
    def is_active(self, row: Robot) -> bool:
        return row.user.is_active


@admin.register(CITrust)
class CITrustAdmin(ReadOnlyAdmin[CITrust]):
    """Whose CI jobs are let in as which robot."""

    owners = ("robot__namespace",)
    list_display = (
        linked("robot"),
        linked("issuer"),
        "claims",
        linked("created_by"),
        moment("created_at"),
    )
    list_filter = ("created_at",)
    list_select_related = ("robot__namespace", "issuer", "created_by")
    search_fields = ("robot__user__username", "issuer__url", "created_by__username")
    search_help_text = "Parts of the robot's, the issuer's or the maker's name."
    ordering = ("-created_at", "-id")


@admin.register(UsedAssertion)
class UsedAssertionAdmin(ReadOnlyAdmin[UsedAssertion]):
    """Tokens of CI jobs that were exchanged, until they cannot be used again."""

    list_display = ("jti_hash", linked("issuer"), moment("expires_at"))
    list_filter = ("expires_at",)
    list_select_related = ("issuer",)
    search_fields = ("=jti_hash",)
    search_help_text = "The SHA-256 of a token's jti."
    ordering = ("-id",)


class TrustedIssuerForm(ServiceForm):
    """An issuer, new or changed."""

    @override
    def run(self) -> Model:
        given = self.cleaned_data
        names = given["immutable_claims"]
        if self.is_new:
            return trusted_issuers.create(
                actor=self.actor, url=given["url"], immutable_claims=names
            )
        return trusted_issuers.update(
            actor=self.actor,
            issuer=TrustedIssuer.objects.get(pk=self.instance.pk),
            immutable_claims=names,
            is_enabled=given["is_enabled"],
        )


@admin.register(TrustedIssuer)
class TrustedIssuerAdmin(ServiceAdmin[TrustedIssuer]):
    """The issuers on which namespaces may trust CI jobs; disabled, not deleted."""

    form = TrustedIssuerForm
    add_fields = ("url", "immutable_claims")
    fields = (
        "url",
        "immutable_claims",
        "is_enabled",
        "keys_fetched_at",
        "created_at",
        "uuid",
    )
    editable = ("immutable_claims", "is_enabled")
    deferred = ("keys",)
    list_display = (
        "url",
        "immutable_claims",
        "is_enabled",
        moment("keys_fetched_at"),
        moment("created_at"),
    )
    list_filter = ("is_enabled", "created_at")
    search_fields = ("url",)
    ordering = ("-created_at", "-id")
