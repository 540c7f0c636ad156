"""Every page of the admin, over the site's own list of models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AccessToken, User
from msr.admin import GROUPS
from tests.admin.factories import POISON_BODY, RAW, SCANNER_SECRET, make_tenant
from tests.factories import WEBHOOK_SECRET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import Model

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
READ_ONLY = {
    "accounts.AuditEvent",
    "accounts.CITrust",
    "accounts.Horizon",
    "accounts.Robot",
    "accounts.UsedAssertion",
    "promotions.Decision",
    "promotions.Evaluation",
    "promotions.Import",
    "promotions.ImportedObject",
    "promotions.NamespaceAdmission",
    "promotions.PolicyConsent",
    "promotions.PolicyVersion",
    "promotions.Promotion",
    "promotions.PromotionPolicy",
    "repositories.Advisory",
    "repositories.AdvisoryLoad",
    "repositories.AdvisoryPackage",
    "promotions.Watch",
    "repositories.AttachmentNotice",
    "repositories.Component",
    "repositories.Finding",
    "repositories.RegistryJob",
    "repositories.ImageSignature",
    "repositories.IndexChild",
    "repositories.LayerInventory",
    "repositories.License",
    "repositories.Manifest",
    "repositories.ManifestLayer",
    "repositories.PackageNews",
    "repositories.Provenance",
    "repositories.Registry",
    "repositories.RegistryEvent",
    "repositories.RepositoryManifest",
    "repositories.Scan",
    "repositories.ScanComponent",
    "repositories.Tag",
    "repositories.TagMove",
    "repositories.Vulnerability",
    "repositories.VulnerabilityAlias",
    "repositories.VulnerabilityException",
    "repositories.Webhook",
    "repositories.WebhookDelivery",
}

# New global ones are written by the portal's form, which says what is missing.
BY_THE_PORTAL = {"promotions.PromotionPolicy"}

every_model = pytest.mark.parametrize("model", MODELS, ids=lambda m: m._meta.label)
every_history = pytest.mark.parametrize(
    "model",
    [model for model in MODELS if model._meta.label in READ_ONLY],
    ids=lambda m: m._meta.label,
)


@pytest.fixture
def tenant(administrator):
    make_tenant("acme")


def url_of(model: type[Model], page: str, *args: Any) -> str:
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}", args=args)


def all_urls_of(model: type[Model]) -> Iterator[str]:
    yield url_of(model, "changelist")
    for row in model._default_manager.all():
        yield url_of(model, "change", row.pk)
        yield url_of(model, "history", row.pk)


def test_every_model_of_ours_is_in_the_admin():
    ours = {
        model
        for app in ("accounts", "repositories", "promotions")
        for model in apps.get_app_config(app).get_models()
    }
    assert ours == set(MODELS)


def test_what_is_read_only_is_named_here():
    assert {model._meta.label for model in MODELS} > READ_ONLY


@every_model
def test_lists_and_pages_of_objects_answer(model, browser, tenant):
    assert model._default_manager.exists()
    for url in all_urls_of(model):
        assert browser.get(url).status_code == 200, url


@every_model
def test_the_page_to_add_one_answers_where_it_is_offered(model, browser, tenant):
    response = browser.get(url_of(model, "add"))
    listed = browser.get(url_of(model, "changelist"))
    offered = f'href="{url_of(model, "add")}' in listed.text
    assert response.status_code == (200 if offered else 403)
    assert not (offered and model._meta.label in READ_ONLY - BY_THE_PORTAL)


@every_model
def test_searching_answers(model, browser, tenant):
    for words in ("acme", "acme/web", "acme/web:1.0-stable", ":1", "sha256:0", "%ü'"):
        response = browser.get(url_of(model, "changelist"), {"q": words})
        assert response.status_code == 200, words


@every_model
def test_a_list_costs_the_same_queries_however_long_it_is(model, browser, tenant):
    url = url_of(model, "changelist")
    browser.get(url)
    with CaptureQueriesContext(connection) as short:
        browser.get(url)
    for number in range(3):
        make_tenant(f"other{number}")
    with CaptureQueriesContext(connection) as long:
        browser.get(url)
    assert len(long) == len(short) <= 8


@every_model
def test_bytes_are_neither_loaded_nor_shown(model, browser, tenant):
    for url in all_urls_of(model):
        with CaptureQueriesContext(connection) as queries:
            page = browser.get(url).content
        loaded = [q["sql"] for q in queries if '"raw"' in q["sql"]]
        assert not loaded
        assert not [q["sql"] for q in queries if '"body_head"' in q["sql"]]
        assert RAW not in page
        assert POISON_BODY not in page


@every_model
def test_secrets_and_their_hashes_are_on_no_page(model, browser, tenant):
    hashes = [token.secret_hash for token in AccessToken.objects.all()]
    hashes += [SCANNER_SECRET, WEBHOOK_SECRET]
    hashes += [user.password for user in User.objects.all()]
    for url in all_urls_of(model):
        page = browser.get(url).content.decode()
        assert not [value for value in hashes if value in page]


@every_history
def test_history_refuses_to_be_written(model, browser, tenant):
    row = model._default_manager.first()
    before = model._default_manager.filter(pk=row.pk).values().get()
    count = model._default_manager.count()
    for page, args in (("add", ()), ("change", (row.pk,)), ("delete", (row.pk,))):
        response = browser.post(url_of(model, page, *args), {"post": "yes"})
        is_form = page == "add" and model._meta.label in BY_THE_PORTAL
        assert response.status_code == (200 if is_form else 403), page
    assert model._default_manager.filter(pk=row.pk).values().get() == before
    assert model._default_manager.count() == count


@every_model
def test_lists_offer_no_deletion_of_many(model, browser, tenant):
    page = browser.get(url_of(model, "changelist")).content.decode()
    assert "delete_selected" not in page


@every_model
def test_pages_have_no_inline_script_or_style(model, browser, tenant):
    for url in all_urls_of(model):
        page = browser.get(url).content.decode()
        assert "<script>" not in page
        assert "style=" not in page


def test_json_is_shown_indented_and_escaped(browser, tenant):
    event = apps.get_model("repositories.RegistryEvent").objects.exclude(payload={})
    page = browser.get(url_of(event.model, "change", event.get().pk)).content.decode()
    assert "  &quot;raw&quot;: {\n" in page
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert "<b>bold" not in page


def test_times_carry_their_zone(browser, tenant):
    move = apps.get_model("repositories.TagMove").objects.latest("id")
    time = move.created_at.strftime("%Y-%m-%d %H:%M:%S UTC")
    for url in all_urls_of(type(move)):
        if "history" not in url:
            assert time in browser.get(url).content.decode()


def test_the_admin_leads_back_to_the_portal(browser):
    page = browser.get(reverse("admin:index")).content.decode()
    assert f'href="{reverse("promotions:dashboard")}"' in page
    assert "Sign out" in page


def test_every_model_stands_in_one_group_of_the_index():
    grouped = [label for _slug, _name, labels in GROUPS for label in labels]
    assert sorted(grouped) == [model._meta.label for model in MODELS]


def test_the_colours_are_those_chosen_in_the_portal(browser):
    browser.cookies["theme"] = "dark"
    assert 'data-theme="dark"' in browser.get(reverse("admin:index")).content.decode()
    browser.cookies["theme"] = "<script>"
    assert "data-theme" not in browser.get(reverse("admin:index")).content.decode()


def test_the_way_to_sign_in_takes_no_name_of_a_view(browser):
    assert browser.get("/admin/login/", {"next": "accounts"}).url == "accounts"
