"""What MSR calls what happened, and what it happened to."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from django.apps import apps

from promotions.models.promotion import State
from promotions.services.activity import Kind
from repositories.models import Scan

if TYPE_CHECKING:
    from collections.abc import Mapping

APPS = ("accounts", "repositories", "promotions")
WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")


class EventType(StrEnum):
    """What was done. Nothing is recorded of pulls, so there is no GET."""

    CREATE = "CREATE"
    GET = "GET"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    SEND = "SEND"
    FAIL = "FAIL"
    SCAN = "SCAN"


class ObjectType(StrEnum):
    """What it was done to, of what is not in the audit log."""

    TAG = "TAG"
    MANIFEST = "MANIFEST"
    PROMOTION = "PROMOTION"


OBJECTS: Mapping[Kind, ObjectType] = {
    Kind.TAGS: ObjectType.TAG,
    Kind.SCANS: ObjectType.MANIFEST,
    Kind.PROMOTIONS: ObjectType.PROMOTION,
}
# Promotions that were skipped brought nothing and broke nothing: they are no event.
PROMOTIONS: Mapping[str, EventType] = {
    State.SUCCEEDED: EventType.CREATE,
    State.FAILED: EventType.FAIL,
    State.CANCELLED: EventType.DELETE,
}
SCANS: Mapping[str, EventType] = {
    Scan.State.COMPLETED: EventType.SCAN,
    Scan.State.FAILED: EventType.FAIL,
}
# Of the audit log; every other deed changes something.
CHANGES: Mapping[str, EventType] = {
    "create": EventType.CREATE,
    "delete": EventType.DELETE,
    "revoke": EventType.DELETE,
    "remove member": EventType.DELETE,
}


def type_of(kind: Kind, row: Any) -> EventType:
    """Return the type of the event that a row of the stream is."""
    if kind is Kind.PROMOTIONS:
        return PROMOTIONS[row.state]
    if kind is Kind.SCANS:
        return SCANS[row.state]
    if kind is Kind.CHANGES:
        return CHANGES.get(row.action, EventType.UPDATE)
    if row.to_manifest_id is None:
        return EventType.DELETE
    return EventType.UPDATE if row.from_manifest_id else EventType.CREATE


def object_type(label: str) -> str:
    """Return what MSR would call a model: `promotions.PromotionPolicy` in capitals."""
    return WORDS.sub("_", label.rpartition(".")[2]).upper()


@cache
def labels_of(wanted: str) -> tuple[str, ...]:
    """Return the labels of the models that are called that."""
    models = [
        model for name in APPS for model in apps.get_app_config(name).get_models()
    ]
    labels = [model._meta.label for model in models]
    return tuple(label for label in labels if object_type(label) == wanted)
