"""Django's configuration of the app."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from typing_extensions import override


class RepositoriesConfig(AppConfig):
    """The app."""

    name = "repositories"

    @override
    def ready(self) -> None:
        import_module("repositories.receivers")
        post_migrate.connect(_follow_settings, sender=self)
        _register_tabs()
        _register_tag_states()
        _register_obstacles()


def _follow_settings(**_kwargs: object) -> None:
    """Keep the rows of what settings say in step with them, at each `migrate`."""
    from repositories.services import set_up  # noqa: PLC0415 - needs apps

    set_up.follow_settings()


def _register_tabs() -> None:
    from accounts.access import Action  # noqa: PLC0415 - needs apps
    from accounts.tabs import of_namespace, of_team  # noqa: PLC0415 - needs apps
    from repositories.tabs import Tab, of_repository, of_tag  # noqa: PLC0415 - needs apps

    of_namespace.register(
        Tab("repositories", "Repositories", "repositories:namespace", "repository", 10)
    )
    for order, name, title, icon, needs in (
        (40, "permissions", "Access", "key", Action.ADMIN),
        (50, "hidden", "Hidden vulnerabilities", "hidden", Action.PULL),
        (60, "webhooks", "Webhooks", "out", Action.ADMIN),
        (90, "settings", "Settings", "gear", Action.ADMIN),
    ):
        url = f"repositories:namespace_{name}"
        of_namespace.register(Tab(name, title, url, icon, order, needs))
    of_team.register(Tab("access", "Access", "repositories:team_access", "key", 20))
    of_repository.register(Tab("info", "Info", "repositories:repository", "about", 5))
    of_repository.register(
        Tab(
            "permissions",
            "Permissions",
            "repositories:permissions",
            "key",
            40,
            Action.ADMIN,
        )
    )
    of_repository.register(Tab("tags", "Tags", "repositories:tags", "tag", 10))
    of_repository.register(
        Tab("hidden", "Hidden vulnerabilities", "repositories:hidden", "hidden", 30)
    )
    of_repository.register(
        Tab("webhooks", "Webhooks", "repositories:webhooks", "out", 60, Action.ADMIN)
    )
    of_repository.register(
        Tab("settings", "Settings", "repositories:settings", "gear", 90, Action.ADMIN)
    )
    of_tag.register(Tab("overview", "Overview", "repositories:tag", "tag", 10))
    for order, name, icon in (
        (12, "vulnerabilities", "alert"),
        (14, "components", "component"),
        (15, "licenses", "license"),
        (16, "layers", "layers"),
        (17, "attachments", "attachment"),
        (18, "scans", "scan"),
    ):
        tab = Tab(name, name.capitalize(), f"repositories:{name}", icon, order)
        of_tag.register(tab)


def _register_tag_states() -> None:
    from repositories.services.answers import tag_states  # noqa: PLC0415 - needs apps
    from repositories.tabs import TagState  # noqa: PLC0415 - needs apps
    from repositories.tabs import tag_states as states  # noqa: PLC0415 - needs apps

    states["promoted"] = TagState("promoted", tag_states.promoted)
    states["scanned"] = TagState("scanned", tag_states.scanned)
    states["scanning"] = TagState("being scanned", tag_states.under_way)
    states["scan-failed"] = TagState("scan failed", tag_states.failed)
    states["unscanned"] = TagState("not scanned", tag_states.unscanned)


def _register_obstacles() -> None:
    from accounts.services import closing  # noqa: PLC0415 - needs apps
    from repositories.services import repositories  # noqa: PLC0415 - needs apps

    closing.obstacles.append(repositories.held_in)
