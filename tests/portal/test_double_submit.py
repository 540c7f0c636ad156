"""A form that is sent twice makes one thing, and leads to the same page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from redis.exceptions import ConnectionError as RedisConnectionError

from accounts.models import Organization, Team
from promotions.models import Promotion, PromotionPolicy
from repositories.models import Repository, VulnerabilityException
from tests.factories import make_tag, make_user

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import Model

POLICY = {
    "target": "qa/website",
    "tag_template": "%n",
    "zone": "UTC",
    "on_moved_tag": "latest_only",
    "on_conflict": "overwrite",
    "unscored": "wait",
    "unlicensed": "wait",
    "exceptions_of": "source",
    "enabled": "on",
    "rules-TOTAL_FORMS": "0",
    "rules-INITIAL_FORMS": "0",
    "save": "",
}
NEW_REPOSITORY = reverse("repositories:new", args=["dev"])
HIDE = {"vulnerability": "CVE-2021-1", "reason": "not reachable", "days": "90"}


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


class Form:
    """A page with a form, as a browser sends it: with the token of that page."""

    def __init__(self, client: Client, address: str) -> None:
        self.client, self.address = client, address
        page = client.get(address)
        self.token = str(page.context["csrf_token"])
        form = page.context["form"]
        self.hidden = {
            field.html_name: str(field.value()) for field in form.hidden_fields()
        }
        if "scope" in form.fields:
            self.hidden["scope"] = form.fields["scope"].choices[0][0]

    def send(self, **values: Any) -> Any:
        data = {"csrfmiddlewaretoken": self.token, **self.hidden, **values}
        return self.client.post(self.address, data)


@pytest.fixture
def client(dana, source, target) -> Client:
    client = Client(enforce_csrf_checks=True)
    make_tag(repository=source, name="1.0")
    client.force_login(dana)
    return client


FORMS: dict[str, tuple[str, dict[str, str], type[Model]]] = {
    "a policy": ("/r/dev/website/promotions/new", POLICY, PromotionPolicy),
    "a repository": (
        NEW_REPOSITORY,
        {"namespace": "dev", "name": "app", "visibility": "private"},
        Repository,
    ),
    "hiding": ("/r/dev/website/tags/1.0/hide", HIDE, VulnerabilityException),
    "by hand": (
        "/r/dev/website/tags/1.0/promote",
        {"target": "qa/website", "target_tag": "1.0", "comment": ""},
        Promotion,
    ),
    "a team": ("/organizations/dev/teams/new", {"name": "ops"}, Team),
}


@pytest.mark.parametrize("what", FORMS)
def test_what_is_sent_twice_is_made_once(client, what):
    address, values, model = FORMS[what]
    before = model._default_manager.count()
    form = Form(client, address)
    first, second = form.send(**values), form.send(**values)
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]
    assert model._default_manager.count() == before + 1


def test_an_organization_is_made_once(db):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user(name="root", is_superuser=True))
    form = Form(client, "/organizations/new")
    values = {"name": "ops", "full_name": "", "primary_owner": "root"}
    assert form.send(**values)["Location"] == form.send(**values)["Location"]
    assert Organization.objects.count() == 1


def test_who_goes_back_and_changes_something_makes_another(client):
    form = Form(client, "/r/dev/website/tags/1.0/hide")
    form.send(**HIDE)
    form.send(**HIDE | {"vulnerability": "CVE-2021-2"})
    assert VulnerabilityException.objects.count() == 2


def test_the_same_again_out_of_a_new_page_is_meant(client):
    for _ in range(2):
        Form(client, "/r/dev/website/tags/1.0/hide").send(**HIDE)
    assert VulnerabilityException.objects.count() == 2


def test_what_was_refused_can_be_sent_again(client):
    form = Form(client, NEW_REPOSITORY)
    for _ in range(2):
        answer = form.send(namespace="dev", name="Not A Name", visibility="private")
        assert answer.status_code == 200
    assert (
        form.send(namespace="dev", name="app", visibility="private").status_code == 302
    )


def test_without_a_cache_forms_work(client, monkeypatch):
    def refuse(*_args: object) -> None:
        raise RedisConnectionError

    for method in ("add", "set", "delete"):
        monkeypatch.setattr(cache, method, refuse)
    form = Form(client, NEW_REPOSITORY)
    assert (
        form.send(namespace="dev", name="app", visibility="private").status_code == 302
    )
