"""Django's configuration of the app; connects the receivers and adds tabs."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from typing_extensions import override


class PromotionsConfig(AppConfig):
    """The app."""

    name = "promotions"

    @override
    def ready(self) -> None:
        import_module("promotions.receivers")
        _register_tabs()


def _register_tabs() -> None:
    from accounts.access import Action  # noqa: PLC0415 - needs apps
    from accounts.tabs import of_namespace  # noqa: PLC0415 - needs apps
    from promotions.services.watch.standing import failing  # noqa: PLC0415 - needs apps
    from repositories.tabs import (  # noqa: PLC0415 - needs apps
        Tab,
        TagState,
        of_repository,
        of_tag,
        tag_states,
    )

    of_repository.register(
        Tab("promotions", "Promotions", "promotions:policies", "promote", 20)
    )
    of_namespace.register(
        Tab(
            "promotions",
            "Promotions",
            "promotions:namespace_policies",
            "promote",
            20,
            Action.ADMIN,
        )
    )
    of_repository.register(
        Tab("activity", "Activity", "promotions:activity", "clock", 60)
    )
    of_namespace.register(
        Tab("activity", "Activity", "promotions:namespace_activity", "clock", 60)
    )
    of_tag.register(
        Tab("decisions", "Decisions", "promotions:decisions", "decision", 20)
    )
    tag_states["failing"] = TagState("failing their policy", failing)
    of_tag.register(Tab("lineage", "Lineage", "promotions:lineage", "promote", 30))
