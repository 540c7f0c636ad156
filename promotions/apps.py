"""Django's configuration of the app; connects the receivers."""

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
