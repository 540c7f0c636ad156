"""Accounts, finding by name, and what the portal says of itself."""

from __future__ import annotations

from django.urls import path

from accounts import api as accounts
from msr.api.meta import Alerts, Features, Settings, Version
from repositories import api as repositories

USER_ACCESS = (
    "accounts/<api_name:username>/repositoryAccess"
    "/<api_name:namespace>/<repository_path:name>"
)
TEAM_ACCESS = "accounts/<api_name:organization>/teams/<api_name:team>/repositoryAccess"

urlpatterns = [
    path("accounts/language", accounts.Language.as_view()),
    path("accounts/<api_name:namespace>", accounts.AccountRemoval.as_view()),
    path(
        "accounts/<api_name:namespace>/repositories",
        repositories.AccountRepositories.as_view(),
    ),
    path("accounts/<api_name:username>/settings", accounts.UserSettings.as_view()),
    path(TEAM_ACCESS, repositories.TeamRepositoryAccess.as_view()),
    path(USER_ACCESS, repositories.UserRepositoryAccess.as_view()),
    path("index/autocomplete", repositories.Autocomplete.as_view()),
    path("index/dockersearch", repositories.DockerSearch.as_view()),
    path("meta/alerts", Alerts.as_view()),
    path("meta/features", Features.as_view()),
    path("meta/settings", Settings.as_view()),
    path("admin/version", Version.as_view()),
]
