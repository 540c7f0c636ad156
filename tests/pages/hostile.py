"""Texts that mean harm, in every place that somebody from outside can write to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import CharField, TextField

from accounts.models import AccessToken, Organization, Team, User
from promotions.models import PolicyConsent, Promotion
from repositories.models import (
    Component,
    Finding,
    License,
    Manifest,
    ManifestLayer,
    Repository,
    Scan,
    ScanComponent,
    SigningKey,
    Vulnerability,
    VulnerabilityException,
)
from tests.factories import make_tag

if TYPE_CHECKING:
    from django.db.models import Model

    from tests.pages.cast import Cast

# Closes attributes and elements, opens its own, and asks templates to work for it.
TEXT = """'"></textarea></title><img src=x onerror=boom()><b harm>{{7*7}}{% now %}"""
LINK = "javascript:boom()//" + TEXT

# What pushers, scanners, registries and people write: table and its free columns.
WRITTEN: tuple[tuple[type[Model], tuple[str, ...]], ...] = (
    (User, ("first_name", "last_name")),
    (Organization, ("full_name",)),
    (Team, ("description",)),
    (AccessToken, ("label",)),
    (Repository, ("short_description", "long_description")),
    (Manifest, ("os_version", "variant", "image_author")),
    (ManifestLayer, ("created_by",)),
    (Scan, ("source", "distribution", "error")),
    (Component, ("name", "version")),
    (ScanComponent, ("path",)),
    (License, ("name",)),
    (Finding, ("fixed_version", "cvss_vector")),
    (Vulnerability, ("summary", "link")),
    (VulnerabilityException, ("reason",)),
    (SigningKey, ("name",)),
    (PolicyConsent, ("comment",)),
    (Promotion, ("comment", "reason", "error_code")),
)


def write_harm(cast: Cast) -> None:
    """Put it into every row there is, past what forms and services would refuse."""
    for model, columns in WRITTEN:
        for column in columns:
            _write(model, column)
    make_tag(repository=cast.source, name="pushed-by-harm", pushed_by=TEXT)


def _write(model: type[Model], column: str) -> None:
    field = model._meta.get_field(column)
    assert isinstance(field, CharField | TextField)
    text = LINK if column == "link" else TEXT
    for number, row in enumerate(model._default_manager.all()):
        own = f"{number} {text}" if field.unique else text
        rows = model._default_manager.filter(pk=row.pk)
        rows.update(**{column: own[: field.max_length]})
