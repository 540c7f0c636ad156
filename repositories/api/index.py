"""`/index`: finding repositories and accounts by a part of their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Q
from rest_framework import serializers
from rest_framework.response import Response

from accounts.api import Form, Operation, account_of
from accounts.models import Namespace
from repositories.api.repositories import render
from repositories.services.finding import Kind, Term, page_in_phases, phases

if TYPE_CHECKING:
    from rest_framework.request import Request

    from accounts.access import Actor
    from repositories.models import Repository

DEFAULT_LIMIT, MAX_LIMIT = 25, 100  # the former is MSR's, both are docker's


class AutocompleteQuery(Form):
    """What is looked for, and where. Limits above the largest are cut."""

    query = serializers.CharField(allow_blank=True)
    include_repositories = serializers.BooleanField(default=True)
    include_accounts = serializers.BooleanField(default=True)
    namespace = serializers.CharField(default="", allow_blank=True)
    limit = serializers.IntegerField(default=DEFAULT_LIMIT, min_value=1)


class DockerSearchQuery(Form):
    """What is looked for; beyond MSR `n`, which docker sends as the limit."""

    q = serializers.CharField(allow_blank=True)
    n = serializers.IntegerField(default=DEFAULT_LIMIT, min_value=1)


class Autocomplete(Operation):
    """`/index/autocomplete`."""

    is_costly = True

    def get(self, _request: Request) -> Response:
        """List the repositories and accounts whose names contain a word.

        Of repositories those that the client may pull, of accounts those that it may
        know: MSR showed all accounts to everybody.
        """
        asked = self.query(AutocompleteQuery)
        word, limit = asked["query"], asked["limit"]
        found: dict[str, Any] = {}
        if asked["include_repositories"]:
            rows = _repositories(self.actor, word, limit, asked["namespace"])
            found["repositoryResults"] = [render(row) for row in rows]
        if asked["include_accounts"]:
            found["accountResults"] = _accounts(self.actor, word, limit)
        return Response(found)


class DockerSearch(Operation):
    """`/index/dockersearch`."""

    is_costly = True

    def get(self, _request: Request) -> Response:
        """Answer `docker search`: the repositories that the client may pull."""
        asked = self.query(DockerSearchQuery)
        rows = _repositories(self.actor, asked["q"], asked["n"])
        return Response(
            {
                "num_results": len(rows),
                "query": asked["q"],
                "results": [_docker_repository(row) for row in rows],
            }
        )


def _repositories(
    actor: Actor, word: str, limit: int, namespace: str = ""
) -> list[Repository]:
    """Return those named like that, whole names first."""
    term = Term.read(word, settings.REGISTRY_PUBLIC_HOST)
    lists = phases(Kind.REPOSITORIES, actor, term) if term.text else []
    if namespace:
        lists = [rows.filter(namespace__name=namespace) for rows in lists]
    rows, _ = page_in_phases(
        lists, "", order=Kind.REPOSITORIES.order, size=min(limit, MAX_LIMIT)
    )
    return rows


def _accounts(actor: Actor, word: str, limit: int) -> list[dict[str, Any]]:
    word = word.strip()
    if not word:
        return []
    like = Q(name__contains=word.lower())
    like |= Q(user__first_name__icontains=word)
    like |= Q(organization__full_name__icontains=word)
    rows = Namespace.objects.accounts_known_to(actor).filter(like).for_accounts()
    return [account_of(row) for row in rows.order_by("name")[: min(limit, MAX_LIMIT)]]


def _docker_repository(repository: Repository) -> dict[str, Any]:
    """Return responses.DockerRepository: nobody gives stars here."""
    return {
        "name": repository.full_name,
        "description": repository.short_description,
        "is_official": False,
        "is_trusted": False,
        "star_count": 0,
    }
