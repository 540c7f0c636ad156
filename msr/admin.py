"""The admin site: Django's own, with the product's name."""

from __future__ import annotations

from django.contrib import admin


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
