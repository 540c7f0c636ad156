"""Accounts, finding by name, and what the portal says of itself."""

from __future__ import annotations

from accounts import api as accounts
from msr.api import meta
from msr.api.described.kinds import GONE, Described, Rows, listed
from msr.api.shapes import accounts as kept
from repositories import api as repositories

DESCRIBED: Rows = {
    accounts.Language: {"get": Described(kept.Language)},
    accounts.AccountRemoval: {"delete": GONE},
    accounts.UserSettings: {
        "get": Described(kept.UserSettings),
        "patch": Described(kept.UserSettings, body=accounts.UserSettingsForm),
    },
    repositories.AccountRepositories: {"delete": GONE},
    repositories.TeamRepositoryAccess: {"get": listed(kept.TeamRepositories)},
    repositories.UserRepositoryAccess: {"get": Described(kept.UserAccess)},
    repositories.Autocomplete: {
        "get": Described(kept.Autocomplete, query=repositories.AutocompleteQuery)
    },
    repositories.DockerSearch: {
        "get": Described(kept.DockerSearch, query=repositories.DockerSearchQuery)
    },
    meta.Alerts: {"get": Described([kept.Alert])},
    meta.Features: {"get": Described(kept.Features)},
    meta.Settings: {
        "get": Described(kept.Settings),
        "post": Described(None, body=meta.SettingsForm, status=202),
    },
    meta.Version: {"get": Described(kept.Version)},
}
