"""The admin site: Django's own, with the product's name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from typing_extensions import override

from accounts.views.signing_in import SignOutView

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class MsrAdminSite(admin.AdminSite):
    """Where administrators manage everything, all tenants included."""

    site_header = "msr administration"
    site_title = "msr"
    index_title = "Everything the portal knows"
    site_url = "/"
    enable_nav_sidebar = True

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
        return redirect(after)

    @override
    def logout(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Sign out as on every other page."""
        del extra_context
        return SignOutView.as_view()(request)

    @override
    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the portal's page."""
        del extra_context
        return redirect("account_change_password")

    @override
    def password_change_done(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to where the portal leads after a changed password."""
        del extra_context
        return redirect("accounts:security")
