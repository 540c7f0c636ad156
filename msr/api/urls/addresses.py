"""What stands between the slashes of the API's addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import URLPattern, path, register_converter
from django.urls.converters import StringConverter
from typing_extensions import override

from accounts.validators import RESERVED_WORDS

if TYPE_CHECKING:
    from accounts.api import Operation


class NameConverter(StringConverter):
    """One name; without NUL, which PostgreSQL cannot even look for."""

    regex = r"[^/\0]+"


class RepositoryNameConverter(StringConverter):
    """What follows the namespace: slashes are part of it, words of the API are not."""

    regex = r"[^\0]+"

    @override
    def to_python(self, value: str) -> str:
        if not RESERVED_WORDS.isdisjoint(value.lower().split("/")):
            raise ValueError
        return value


class TermConverter(StringConverter):
    """What is looked for."""

    regex = r"[^\0]+"


NAME = "api_name"  # of the converter that most addresses use
register_converter(NameConverter, NAME)
register_converter(TermConverter, "search_term")
register_converter(RepositoryNameConverter, "repository_path")


def of_repository(rest: str, view: type[Operation]) -> URLPattern:
    """Route what follows a repository's name."""
    route = f"repositories/<api_name:namespace>/<repository_path:name>{rest}"
    return path(route, view.as_view())


def of_namespace(rest: str, view: type[Operation]) -> URLPattern:
    """Route what belongs to a namespace as a whole."""
    return path(f"repositoryNamespaces/<api_name:namespace>{rest}", view.as_view())
