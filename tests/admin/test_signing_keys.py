"""Keys in the admin: registered with their PEM, and retired."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import AuditEvent
from repositories.models import SigningKey
from tests import signing
from tests.admin.factories import make_organization, make_user

LIST = reverse("admin:repositories_signingkey_changelist")
ADD = reverse("admin:repositories_signingkey_add")


@pytest.fixture
def qa(db):
    return make_organization("qa", make_user("quentin"))


def form(**changes: object) -> dict[str, object]:
    pem = signing.pem_of(signing.new_key())
    return {"namespace": "", "name": "release", "public_key": pem, **changes}


def test_a_key_is_registered(browser, administrator, qa):
    sent = form(namespace=qa.namespace.pk)
    assert browser.post(ADD, sent).status_code == 302
    key = SigningKey.objects.get()
    assert (key.reference, key.created_by) == ("qa/release", administrator)
    assert key.public_key == sent["public_key"]
    page = browser.get(LIST).content.decode()
    assert "qa/release" in page
    assert key.fingerprint in page
    assert AuditEvent.objects.latest("id").action == "create"


def test_without_a_namespace_it_is_the_registrys(browser):
    browser.post(ADD, form())
    assert SigningKey.objects.get().reference == "release"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"public_key": "nothing"}, "no public key in PEM"),
        ({"name": "Release"}, "cannot be a name"),
    ],
)
def test_what_is_refused_is_said_on_the_form(browser, changes, said):
    response = browser.post(ADD, form(**changes))
    assert said in response.content.decode()
    assert not SigningKey.objects.exists()


def test_a_name_that_is_taken_is_said_on_the_form(browser):
    browser.post(ADD, form())
    response = browser.post(ADD, form())
    assert "exists already" in response.content.decode()
    assert SigningKey.objects.count() == 1


def test_a_key_is_retired_and_never_changed_or_deleted(browser):
    browser.post(ADD, form())
    key = SigningKey.objects.get()
    for page in ("change", "delete"):
        url = reverse(f"admin:repositories_signingkey_{page}", args=(key.pk,))
        assert browser.post(url, form(name="other")).status_code == 403
    sent = {"action": "retire", "_selected_action": [key.pk]}
    assert "Retire these keys?" in browser.post(LIST, sent).content.decode()
    browser.post(LIST, {**sent, "confirmed": "yes"})
    key.refresh_from_db()
    assert key.retired_at is not None
    assert key.name == "release"
    assert AuditEvent.objects.latest("id").action == "retire"
