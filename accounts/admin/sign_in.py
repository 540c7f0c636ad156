"""What of allauth's stands in the admin: nothing; its rows hold secrets.

People manage their own factors, logins and sessions in the portal; administrators end
them through the actions of the users.
"""

from __future__ import annotations

from importlib import import_module

from django.apps import apps
from django.contrib import admin

APPS = ("account", "mfa", "socialaccount", "usersessions")

for name in APPS:
    # Its admin is imported first: what is registered later could not be taken away.
    import_module(f"allauth.{name}.admin")
    for model in apps.get_app_config(name).get_models():
        if admin.site.is_registered(model):
            admin.site.unregister(model)
