"""The admin site: Django's own, with the product's name."""

from __future__ import annotations

from django.contrib import admin


class MsrAdminSite(admin.AdminSite):
    """Where administrators manage everything, all tenants included."""

    site_header = "msr administration"
    site_title = "msr"
    index_title = "Everything the portal knows"
    enable_nav_sidebar = True
