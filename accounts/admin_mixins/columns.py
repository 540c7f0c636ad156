"""Columns and read-only fields: links, times with their zone, JSON for people."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.db.models import DateTimeField, JSONField
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

if TYPE_CHECKING:
    from django.db.models import Model

Column = Callable[[Any], str]

NOTHING = "-"
LINKS: set[Column] = set()

TIME_FORMAT = "%Y-%m-%d %H:%M:%S %Z"


def link(target: Model) -> str:
    """Return a link to the admin page of `target`."""
    meta = target._meta
    name = f"admin:{meta.app_label}_{meta.model_name}_change"
    return format_html('<a href="{}">{}</a>', reverse(name, args=(target.pk,)), target)


def linked(field: str, title: str = "") -> Column:
    """Return a column that links to the related object; a dotted `field` walks on.

    The list must select what the walk and the object's name need.
    """

    def show(row: Model) -> str:
        target: Any = row
        for name in field.split("."):
            target = getattr(target, name, None)
        return NOTHING if target is None else link(target)

    return links(column(show, field.replace(".", "_"), title))


def links(show: Column) -> Column:
    """Note that a column is a link already, so that no row's own link is put on it."""
    LINKS.add(show)
    return show


def moment(field: str, title: str = "") -> Column:
    """Return a column for a time, written with its zone."""

    def show(row: Model) -> str:
        value = getattr(row, field)
        if value is None:
            return NOTHING
        return timezone.localtime(value).strftime(TIME_FORMAT)

    return column(show, field, title)


def pretty_json(field: str, title: str = "") -> Column:
    """Return a read-only field that shows JSON indented, in a fixed-width font."""

    def show(row: Model) -> str:
        text = json.dumps(getattr(row, field), indent=2, ensure_ascii=False)
        return format_html('<pre class="json">{}</pre>', text)

    return column(show, field, title)


@cache
def shown(model: type[Model], name: str) -> str | Column:
    """Return how a read-only field of a page shows the model's field of that name.

    A name that is no field of the model is an attribute of the admin: left as it is.
    Always the same for the same field, because Django compares fields by identity.
    """
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return name
    if isinstance(field, DateTimeField):
        return moment(name)
    return pretty_json(name) if isinstance(field, JSONField) else name


def column(show: Column, name: str, title: str) -> Column:
    """Return `show` as a column of that name; the title comes from it if empty."""
    show.__name__ = name
    return admin.display(description=title or name.replace("_", " "))(show)
