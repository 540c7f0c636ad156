"""The admin site: Django's own in the dress of the portal, grouped by subject."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.shortcuts import redirect, resolve_url
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.http import url_has_allowed_host_and_scheme
from typing_extensions import override

from accounts.authentication import actor_of
from accounts.permissions import require_administrator
from accounts.views.signing_in import SignOutView
from msr.health.checkup import checkup, needs_somebody
from promotions.models import PromotionPolicy
from promotions.views.policy_form import PolicyFormView

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "tenants",
        "People and tenants",
        (
            "accounts.User",
            "accounts.Organization",
            "accounts.OrganizationMembership",
            "accounts.Team",
            "accounts.TeamMembership",
            "accounts.Namespace",
            "accounts.NamespaceUserGrant",
            "accounts.NamespaceGroupGrant",
            "accounts.AccessToken",
            "accounts.Robot",
            "accounts.CITrust",
            "accounts.TrustedIssuer",
            "accounts.UsedAssertion",
        ),
    ),
    (
        "content",
        "Registry content",
        (
            "repositories.Repository",
            "repositories.RepositoryUserGrant",
            "repositories.RepositoryGroupGrant",
            "repositories.Tag",
            "repositories.TagMove",
            "repositories.Manifest",
            "repositories.RepositoryManifest",
            "repositories.IndexChild",
            "repositories.ManifestLayer",
            "repositories.Provenance",
            "repositories.Webhook",
            "repositories.WebhookDelivery",
        ),
    ),
    (
        "promotions",
        "Policies and promotions",
        (
            "promotions.PromotionPolicy",
            "promotions.PolicyVersion",
            "promotions.PolicyConsent",
            "promotions.NamespaceAdmission",
            "promotions.Promotion",
            "promotions.Decision",
            "promotions.Evaluation",
            "promotions.Watch",
            "promotions.Import",
            "promotions.ImportedObject",
        ),
    ),
    (
        "evidence",
        "Scanners and evidence",
        (
            "repositories.Scanner",
            "repositories.Scan",
            "repositories.Finding",
            "repositories.Vulnerability",
            "repositories.VulnerabilityAlias",
            "repositories.VulnerabilityException",
            "repositories.Component",
            "repositories.ScanComponent",
            "repositories.License",
            "repositories.LayerInventory",
            "repositories.SigningKey",
            "repositories.ImageSignature",
            "repositories.AttachmentNotice",
            "repositories.Advisory",
            "repositories.AdvisoryPackage",
            "repositories.AdvisoryLoad",
            "repositories.PackageNews",
        ),
    ),
    (
        "system",
        "System",
        (
            "repositories.Registry",
            "repositories.RegistryEvent",
            "repositories.RegistryJob",
            "accounts.AuditEvent",
            "accounts.Horizon",
        ),
    ),
)
# It redirects to the page of any object, whoever may see it.
UNWANTED_ROUTES = {"view_on_site"}


class MsrAdminSite(admin.AdminSite):
    """Where administrators manage everything, and other staff what is theirs."""

    site_header = "msr administration"
    site_title = "msr administration"
    index_title = "Administration"
    site_url = "/"
    enable_nav_sidebar = False  # our own stands in its place, without a script

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        # It deletes many rows at once, past the services and the audit log.
        self.disable_action("delete_selected")

    @override
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the portal's page, where second factors are asked for."""
        del extra_context
        after = request.GET.get("next", "")
        if not url_has_allowed_host_and_scheme(after, {request.get_host()}):
            after = resolve_url("admin:index")
        if not request.user.is_authenticated:
            return redirect_to_login(after)
        if not self.has_permission(request):
            message = (
                "The administration is for staff only. Ask an administrator to make"
                " you staff, or sign in with an account that is."
            )
            raise PermissionDenied(message)
        return HttpResponseRedirect(after)

    @override
    def logout(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Sign out as on every other page."""
        del extra_context
        return SignOutView.as_view()(request)

    @override
    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Lead to the portal's page."""
        del extra_context
        return redirect("account_change_password")

    @override
    def password_change_done(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Lead to where the portal leads after a changed password."""
        del extra_context
        return redirect("accounts:security")

    @override
    def get_urls(self) -> list[Any]:
        routes = super().get_urls()
        kept = [route for route in routes if _name_of(route) not in UNWANTED_ROUTES]
        ours = [
            path("health/", self.admin_view(self.health), name="health"),
            path(
                "promotions/promotionpolicy/add/",
                self.admin_view(self.add_policy),
                name="global_policy_add",
            ),
            path(
                "promotions/promotionpolicy/<int:key>/change/",
                self.admin_view(self.change_policy),
                name="global_policy_change",
            ),
        ]
        return [*ours, *kept]

    @override
    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        attention = needs_somebody() if request.user.is_superuser else []
        return super().index(request, {**(extra_context or {}), "attention": attention})

    def add_policy(self, request: HttpRequest) -> HttpResponseBase:
        """Show the portal's form for a new global policy."""
        require_administrator(actor_of(request))
        return PolicyFormView.as_view()(request)

    def change_policy(self, request: HttpRequest, key: int) -> HttpResponseBase:
        """Show the portal's form for a global policy, and others for reading."""
        policy = PromotionPolicy.objects.of_no_namespace().filter(pk=key).first()
        if policy is None or not request.user.is_superuser:
            return self.get_model_admin(PromotionPolicy).change_view(request, str(key))
        return PolicyFormView.as_view()(request, uuid=policy.uuid)

    def health(self, request: HttpRequest) -> TemplateResponse:
        """Show what every part of the system does; superusers only."""
        require_administrator(actor_of(request))
        context = {
            **self.each_context(request),
            "title": "System health",
            "parts": checkup(),
        }
        return TemplateResponse(request, "admin/health.html", context)

    @override
    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[Any]:
        """Return the models by what they are about; one app's by Django's order."""
        apps: list[Any] = super().get_app_list(request, app_label)
        for app in apps:
            app["models"] = [self._described(m, request) for m in app["models"]]
        if app_label is not None:
            return apps
        models = {m["model"]._meta.label: m for app in apps for m in app["models"]}
        groups = (
            _group(slug, name, [models[label] for label in labels if label in models])
            for slug, name, labels in GROUPS
        )
        return [group for group in groups if group["models"]]

    def _described(self, model: Any, request: HttpRequest) -> Any:
        told = self.get_model_admin(model["model"]).__doc__ or ""
        url = model["admin_url"]
        return {
            **model,
            "told": told.partition("\n")[0],
            "is_current": bool(url) and request.path.startswith(url),
        }


def _group(slug: str, name: str, models: list[Any]) -> dict[str, Any]:
    return {
        "name": name,
        "app_label": slug,
        "app_url": "",
        "has_module_perms": True,
        "models": models,
        "is_current": any(model["is_current"] for model in models),
    }


def _name_of(route: Any) -> str:
    return str(getattr(route, "name", "") or "")
