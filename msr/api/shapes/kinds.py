"""How a shape is written down: the name of each field, and its kind."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from rest_framework import serializers

FIELDS: dict[Any, type[serializers.Field[Any, Any, Any, Any]]] = {
    str: serializers.CharField,
    int: serializers.IntegerField,
    bool: serializers.BooleanField,
    float: serializers.FloatField,
    UUID: serializers.UUIDField,
    datetime: serializers.DateTimeField,
    dict: serializers.DictField,
}
Shape = type[serializers.Serializer[Any]]


class Maybe:
    """A field that may be null; with `absent`, or not be there at all."""

    def __init__(self, kind: Any, *, absent: bool = False) -> None:
        self.kind, self.absent = kind, absent


def shape(name: str, /, **fields: Any) -> Shape:
    """Return an object of the schema: each field's kind, [kind] being a list of it."""
    made = {field: _field(kind) for field, kind in fields.items()}
    return type(name, (serializers.Serializer,), made)


def _field(kind: Any) -> Any:
    if isinstance(kind, Maybe):
        return _field_of(kind.kind, allow_null=True, required=not kind.absent)
    return _field_of(kind)


def _field_of(kind: Any, **options: Any) -> Any:
    if isinstance(kind, list):
        if kind[0] in FIELDS:
            return serializers.ListField(child=_field_of(kind[0]), **options)
        return kind[0](many=True, **options)
    return FIELDS.get(kind, kind)(**options)


ErrorEntry = shape("ErrorEntry", code=str, message=str, detail=Maybe(dict))
Errors = shape("Errors", errors=[ErrorEntry])
