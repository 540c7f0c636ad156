"""Forms of the portal about repositories, and about their webhooks."""

from __future__ import annotations

from repositories.forms.repositories import (
    DeleteRepositoryForm,
    HideForm,
    RepositoryForm,
    RepositorySettingsForm,
    TeamAccessForm,
)
from repositories.forms.webhooks import WebhookForm

__all__ = [
    "DeleteRepositoryForm",
    "HideForm",
    "RepositoryForm",
    "RepositorySettingsForm",
    "TeamAccessForm",
    "WebhookForm",
]
