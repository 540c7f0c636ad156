"""Every page of the admin, for every persona: made of the site's own list of models."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.access import SYSTEM, AccessLevel, Actor
from accounts.admin_mixins import MsrAdmin
from accounts.models import (
    Namespace,
    NamespaceUserGrant,
    Organization,
    Team,
    User,
)
from accounts.services import grants
from promotions.models import PromotionPolicy
from repositories.models import Repository, Scanner, SigningKey, Tag
from tests.admin.factories import make_tenant, make_user

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import Model

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
# What namespace admins who are staff see of their own, and what they may add.
OPEN = {
    "accounts.Namespace": False,
    "accounts.NamespaceGroupGrant": True,
    "accounts.NamespaceUserGrant": True,
    "accounts.Organization": False,
    "accounts.OrganizationMembership": True,
    "accounts.CITrust": False,
    "accounts.Robot": False,
    "accounts.Team": True,
    "accounts.TeamMembership": True,
    "promotions.PolicyVersion": False,
    "promotions.Promotion": False,
    "promotions.PromotionPolicy": False,
    "repositories.Manifest": False,
    "repositories.Repository": True,
    "repositories.RepositoryGroupGrant": True,
    "repositories.RepositoryManifest": False,
    "repositories.RepositoryUserGrant": True,
    "repositories.Scanner": True,
    "repositories.SigningKey": True,
    "repositories.Tag": False,
    "repositories.TagMove": False,
    "repositories.VulnerabilityException": False,
}
# For superusers only.
CLOSED = {
    "accounts.AccessToken",
    "accounts.AuditEvent",
    "accounts.Horizon",
    "accounts.TrustedIssuer",
    "accounts.UsedAssertion",
    "accounts.User",
    "promotions.Decision",
    "promotions.Evaluation",
    "promotions.Import",
    "promotions.ImportedObject",
    "promotions.NamespaceAdmission",
    "promotions.PolicyConsent",
    "promotions.Watch",
    "repositories.Advisory",
    "repositories.AdvisoryLoad",
    "repositories.AdvisoryPackage",
    "repositories.AttachmentNotice",
    "repositories.Component",
    "repositories.Finding",
    "repositories.ImageSignature",
    "repositories.IndexChild",
    "repositories.LayerInventory",
    "repositories.RegistryJob",
    "repositories.Webhook",
    "repositories.WebhookDelivery",
    "repositories.License",
    "repositories.ManifestLayer",
    "repositories.PackageNews",
    "repositories.Provenance",
    "repositories.Registry",
    "repositories.RegistryEvent",
    "repositories.Scan",
    "repositories.ScanComponent",
    "repositories.Vulnerability",
    "repositories.VulnerabilityAlias",
}
# Pages of no model: what staff get, and what superusers get.
OTHERS = {
    "index": (200, 200),
    "health": (403, 200),
    "autocomplete": (403, 403),  # without saying of what
    "jsi18n": (200, 200),
    "password_change": (302, 302),  # to the portal's page
    "password_change_done": (302, 302),
    "repositories_registry_secret": (403, 200),
    "app_list": (200, 200),
    "logout": (405, 405),
}
TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"')
# For everybody, the catch-all, and the editor of global policies, which has a test.
UNCHECKED = {"login", "", "global_policy_add", "global_policy_change"}

every_model = pytest.mark.parametrize("model", MODELS, ids=lambda m: m._meta.label)
every_closed_model = pytest.mark.parametrize(
    "model",
    [model for model in MODELS if model._meta.label in CLOSED],
    ids=lambda m: m._meta.label,
)
every_open_model = pytest.mark.parametrize(
    "model",
    [model for model in MODELS if model._meta.label in OPEN],
    ids=lambda m: m._meta.label,
)


def staff(name: str) -> User:
    User.objects.filter(username=name).update(is_staff=True)
    return User.objects.get(username=name)


@pytest.fixture
def people(db) -> dict[str, Client]:
    """Two tenants; Acme's owner is staff, as is the owner of the other."""
    make_tenant("acme")
    make_tenant("other")
    User.objects.create_superuser("root")
    names = {
        "member": make_user("member"),
        "own": staff("acme-owner"),
        "stranger": staff("other-owner"),
        "superuser": User.objects.get(username="root"),
    }
    found = {"anonymous": Client()}
    for persona, user in names.items():
        found[persona] = Client()
        found[persona].force_login(user, "accounts.authentication.people.PeopleBackend")
    return found


@pytest.fixture
def own(people) -> Client:
    client: Client = people["own"]
    return client


def url_of(model: type[Model], page: str, *args: Any) -> str:
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}", args=args)


def rows_of(model: type[Model], name: str) -> set[int]:
    """The keys of the rows that Acme's owner administers, or that of the other."""
    owner = User.objects.get(username=f"{name}-owner")
    page = admin.site.get_model_admin(model)
    assert isinstance(page, MsrAdmin)
    rows = page.permitted(model._default_manager.all(), Actor(owner))
    return set(rows.values_list("pk", flat=True))


def names_of(urls: list[Any]) -> Iterator[str]:
    for route in urls:
        if isinstance(route, URLResolver):
            yield from names_of(route.url_patterns)
        elif isinstance(route, URLPattern):
            yield route.name or ""


def fresh(client: Client, url: str) -> Any:
    """Open a page without the messages of those before."""
    client.get(reverse("admin:index"))
    return client.get(url)


# --- which pages there are ----------------------------------------------------------


def test_every_model_has_a_row_here():
    assert {model._meta.label for model in MODELS} == CLOSED | OPEN.keys()
    assert not CLOSED & OPEN.keys()


def test_every_page_of_models_knows_tenants():
    for model in MODELS:
        page = admin.site.get_model_admin(model)
        assert isinstance(page, MsrAdmin)
        assert bool(page.owners) == (model._meta.label in OPEN)


def test_every_other_page_has_a_row_here():
    (site,) = (
        route
        for route in get_resolver().url_patterns
        if isinstance(route, URLResolver) and route.app_name == "admin"
    )
    of_models = {
        f"{model._meta.app_label}_{model._meta.model_name}_{page}"
        for model in MODELS
        for page in ("changelist", "add", "history", "delete", "change")
    } | {"auth_user_password_change"}
    assert set(names_of(site.url_patterns)) - of_models == OTHERS.keys() | UNCHECKED


def test_nothing_redirects_to_any_object(people):
    for page in ("/admin/r/1/1/", "/admin/r/1/2/"):
        assert people["superuser"].get(page).status_code == 404


@pytest.mark.parametrize("name", OTHERS)
def test_pages_of_no_model(people, name):
    url = reverse(f"admin:{name}", args=("accounts",) if name == "app_list" else ())
    for persona in ("anonymous", "member"):
        assert people[persona].get(url).status_code in (302, 405)
    for_staff, for_superusers = OTHERS[name]
    assert people["own"].get(url).status_code == for_staff
    assert people["superuser"].get(url).status_code == for_superusers


# --- every model, every persona -----------------------------------------------------


@every_model
def test_who_gets_which_page(people, model):
    label = model._meta.label
    row = model._default_manager.order_by("pk").last()
    assert row is not None
    pages = {page: url_of(model, page) for page in ("changelist", "add")}
    pages |= {
        page: url_of(model, page, row.pk) for page in ("change", "history", "delete")
    }
    for page, url in pages.items():
        for persona in ("anonymous", "member"):
            answer = people[persona].get(url)
            assert answer.status_code == 302, (persona, page)
            assert "/login" in answer["Location"], (persona, page)
        for persona in ("own", "stranger"):
            if label in CLOSED:
                answer = people[persona].get(url)
                if page == "history":  # as if the object did not exist
                    assert answer["Location"] == reverse("admin:index")
                else:
                    assert answer.status_code == 403, (persona, page)
        if page in ("changelist", "change", "history"):
            assert people["superuser"].get(url).status_code == 200, page
    if label in OPEN:
        assert people["own"].get(pages["changelist"]).status_code == 200
        added = people["own"].get(pages["add"]).status_code
        assert added == (200 if OPEN[label] else 403)


@every_closed_model
def test_posts_of_closed_models_are_refused(people, model):
    row = model._default_manager.order_by("pk").last()
    before = model._default_manager.filter(pk=row.pk).values().get()
    for page, args in (("add", ()), ("change", (row.pk,)), ("delete", (row.pk,))):
        answer = people["own"].post(url_of(model, page, *args), {"post": "yes"})
        assert answer.status_code == 403, page
    answer = people["own"].post(
        url_of(model, "changelist"), {"action": "x", "_selected_action": [row.pk]}
    )
    assert answer.status_code == 403
    assert model._default_manager.filter(pk=row.pk).values().get() == before


@every_open_model
def test_lists_show_what_one_administers_and_nothing_else(people, model):
    mine, theirs = rows_of(model, "acme"), rows_of(model, "other")
    assert mine
    assert theirs
    assert not mine & theirs
    url = url_of(model, "changelist")
    for query in ({}, {"q": "other"}, {"q": "other/web"}, {"all": ""}):
        listed = people["own"].get(url, query).context["cl"].queryset
        assert set(listed.values_list("pk", flat=True)) <= mine, query
    listed = people["own"].get(url).context["cl"].queryset
    assert set(listed.values_list("pk", flat=True)) == mine
    page = people["own"].get(url).content.decode()
    assert "other/web" not in page
    assert "other-owner" not in page


@every_open_model
def test_objects_of_others_look_as_if_there_were_none(own, model):
    (key, *_) = rows_of(model, "other")
    for page in ("change", "history", "delete"):
        for query in ("", "?_popup=1", "?_to_field=id", "?_changelist_filters=a"):
            there = fresh(own, url_of(model, page, key) + query)
            none = fresh(own, url_of(model, page, 987654) + query)
            assert there.status_code == none.status_code, page
            assert there.status_code in (302, 403), page
            assert TOKEN.sub(b"", there.content) == TOKEN.sub(b"", none.content)
    before = model._default_manager.filter(pk=key).values().get()
    for page in ("change", "delete"):
        answer = own.post(url_of(model, page, key), {"post": "yes"})
        assert answer.status_code in (302, 403)
    assert model._default_manager.filter(pk=key).values().get() == before


@every_open_model
def test_own_objects_are_shown_without_others(own, model):
    for key in rows_of(model, "acme"):
        for page in ("change", "history"):
            answer = own.get(url_of(model, page, key))
            assert answer.status_code == 200, page
            text = answer.content.decode()
            assert "other-owner" not in text
            assert "other-member" not in text
            assert "other/web" not in text


@every_open_model
def test_actions_on_forged_keys_touch_nothing(own, model):
    keys = rows_of(model, "other")
    before = list(model._default_manager.order_by("pk").values())
    page = admin.site.get_model_admin(model)
    for action in page.actions or ():
        data = {"action": action, "_selected_action": list(keys), "confirmed": "yes"}
        own.post(url_of(model, "changelist"), data)
        own.post(url_of(model, "changelist"), {**data, "select_across": "1"})
        # Of one's own the last may change something, of others nothing does.
    theirs = model._default_manager.filter(pk__in=keys).order_by("pk").values()
    assert list(theirs) == [row for row in before if row["id"] in keys]


# --- choices, lookups, filters ------------------------------------------------------


@pytest.mark.parametrize(
    "model",
    [model for model in MODELS if OPEN.get(model._meta.label)],
    ids=lambda m: m._meta.label,
)
def test_forms_offer_what_one_administers(own, model):
    page = own.get(url_of(model, "add"))
    assert "other" not in "".join(
        str(choice)
        for field in page.context["adminform"].form.fields.values()
        for choice in getattr(field, "queryset", ())
    )
    assert "other-" not in page.content.decode()
    assert "other/" not in page.content.decode()


def forged(name: str) -> dict[str, dict[str, Any]]:
    """What the page to add one of each model sends, all of it of that tenant."""
    user = User.objects.get(username=f"{name}-owner").pk
    namespace = Namespace.objects.get(name=name).pk
    organization = Organization.objects.get(namespace__name=name).pk
    team = Team.objects.get(organization=organization).pk
    repository = Repository.objects.get(namespace=namespace, name="web").pk
    return {
        "accounts.NamespaceGroupGrant": {
            "team": team,
            "content_object": namespace,
            "level": "admin",
        },
        "accounts.NamespaceUserGrant": {
            "user": user,
            "content_object": namespace,
            "level": "read_only",
        },
        "accounts.OrganizationMembership": {"organization": organization, "user": user},
        "accounts.Team": {"organization": organization, "name": "forged"},
        "accounts.TeamMembership": {"team": team, "user": user},
        "repositories.Repository": {
            "namespace": namespace,
            "name": "forged",
            "visibility": "private",
        },
        "repositories.RepositoryGroupGrant": {
            "team": team,
            "content_object": repository,
            "level": "admin",
        },
        "repositories.RepositoryUserGrant": {
            "user": user,
            "content_object": repository,
            "level": "read_only",
        },
        "repositories.Scanner": {
            "namespace": namespace,
            "name": "forged",
            "url": "https://scanner.example.com",
            "authentication": "none",
            "position": "1",
        },
        "repositories.SigningKey": {
            "namespace": namespace,
            "name": "forged",
            "public_key": "x",
        },
    }


def test_forged_keys_are_errors_of_the_form(own):
    sent = forged("other")
    assert sent.keys() == {
        label for label, can_be_added in OPEN.items() if can_be_added
    }
    for model in MODELS:
        if model._meta.label not in sent:
            continue
        before = list(model._default_manager.order_by("pk").values())
        answer = own.post(url_of(model, "add"), sent[model._meta.label])
        assert answer.status_code == 200, model
        errors = answer.context["adminform"].form.errors.as_text()
        assert "not one of the available choices" in errors, model
        assert list(model._default_manager.order_by("pk").values()) == before


def test_own_keys_are_taken(own):
    sent = forged("acme")["accounts.NamespaceUserGrant"]
    member = User.objects.get(username="acme-member")
    answer = own.post(url_of(NamespaceUserGrant, "add"), {**sent, "user": member.pk})
    assert answer.status_code == 302
    assert NamespaceUserGrant.objects.get(user=member).content_object.name == "acme"


@every_model
def test_autocompletes_give_what_one_administers(own, model):
    page = admin.site.get_model_admin(model)
    for field in model._meta.fields:
        if not field.is_relation:
            continue
        asked = {
            "app_label": model._meta.app_label,
            "model_name": model._meta.model_name,
            "field_name": field.name,
            "term": "other",
        }
        answer = own.get(reverse("admin:autocomplete"), asked)
        if answer.status_code == 200:
            assert not answer.json()["results"], (page, field)
        else:
            assert answer.status_code == 403, (page, field)


@every_open_model
def test_the_address_asks_nothing_about_what_is_not_shown(own, model):
    relations = [field.name for field in model._meta.fields if field.is_relation]
    asked = [f"{name}__name__startswith" for name in relations]
    asked += [f"{name}__uuid__startswith" for name in relations]
    asked += [f"{name}__namespace__name" for name in relations]
    asked += ["uuid__startswith", "pk__gt", "id__gt"]
    for lookup in asked:
        answer = own.get(url_of(model, "changelist"), {lookup: "a"})
        assert answer.status_code in (302, 400), lookup


@pytest.mark.parametrize(
    ("model", "lookup"),
    [
        (User, "password__startswith"),
        (Scanner, "secret__startswith"),
    ],
)
def test_secrets_are_not_guessed_by_the_address(people, model, lookup):
    answer = people["superuser"].get(url_of(model, "changelist"), {lookup: "a"})
    assert answer.status_code in (302, 400)


@pytest.mark.parametrize(
    ("model", "lookup"),
    [
        (Tag, "repository__id__exact"),
        (PromotionPolicy, "scope__exact"),
        (Repository, "visibility__exact"),
        (NamespaceUserGrant, "level"),
        (SigningKey, "retired_at__isempty"),
    ],
)
def test_filters_and_links_go_on(own, model, lookup):
    answer = own.get(url_of(model, "changelist"), {lookup: "1"})
    assert answer.status_code == 200


def test_repository_admins_see_that_repository_only(people):
    member = staff("member")
    repository = Repository.objects.get(namespace__name="acme", name="web")
    grants.grant(actor=SYSTEM, level=AccessLevel.ADMIN, to=member, on=repository)
    client = people["member"]
    listed = client.get(url_of(Repository, "changelist")).context["cl"].queryset
    assert list(listed) == [repository]
    namespaces = client.get(url_of(Namespace, "changelist")).context["cl"].queryset
    assert [namespace.name for namespace in namespaces] == ["member"]
    assert client.get(url_of(Tag, "changelist")).context["cl"].queryset.exists()


def test_who_is_disabled_gets_no_page(people):
    User.objects.filter(username="acme-owner").update(is_active=False)
    assert people["own"].get(reverse("admin:index")).status_code == 302
