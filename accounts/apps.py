"""Django's configuration of the app; connects the receivers and adds tabs."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from typing_extensions import override


class AccountsConfig(AppConfig):
    """The app."""

    name = "accounts"

    @override
    def ready(self) -> None:
        import_module("accounts.receivers")
        _register_tabs()


def _register_tabs() -> None:
    from accounts.access import Action  # noqa: PLC0415 - needs apps
    from accounts.tabs import (  # noqa: PLC0415 - needs apps
        MEMBERSHIP,
        Tab,
        of_namespace,
        of_person,
        of_team,
    )

    for order, name, icon in ((30, "members", "user"), (32, "teams", "team")):
        url = f"accounts:{name}"
        of_namespace.register(
            Tab(name, name.capitalize(), url, icon, order, MEMBERSHIP)
        )
    of_namespace.register(
        Tab("robots", "Robots", "accounts:robots", "component", 45, Action.ADMIN)
    )
    of_team.register(Tab("members", "Members", "accounts:team", "user", 10))
    of_person.register(Tab("profile", "Profile", "accounts:profile", "user", 10))
    of_person.register(Tab("security", "Security", "accounts:security", "lock", 20))
    of_person.register(Tab("tokens", "Access tokens", "accounts:tokens", "key", 30))
