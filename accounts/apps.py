"""Django's configuration of the app; adds the tabs of organizations."""

from __future__ import annotations

from django.apps import AppConfig
from typing_extensions import override


class AccountsConfig(AppConfig):
    """The app."""

    name = "accounts"

    @override
    def ready(self) -> None:
        _register_tabs()


def _register_tabs() -> None:
    from accounts.tabs import MEMBERSHIP, Tab, of_namespace, of_team  # noqa: PLC0415 - needs apps

    for order, name, icon in ((30, "members", "user"), (32, "teams", "team")):
        url = f"accounts:{name}"
        of_namespace.register(
            Tab(name, name.capitalize(), url, icon, order, MEMBERSHIP)
        )
    of_team.register(Tab("members", "Members", "accounts:team", "user", 10))
