"""Repositories and the inbox, written through the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from accounts.models import AuditEvent
from repositories.admin import inbox
from repositories.models import RegistryEvent, Repository, RepositoryUserGrant
from tests.admin.factories import (
    make_event,
    make_organization,
    make_poisoned_body,
    make_repository,
    make_tag,
    make_user,
)

if TYPE_CHECKING:
    from django.test import Client


@pytest.fixture
def acme(administrator):
    return make_organization("acme", make_user("owner"))


@pytest.fixture
def web(acme):
    return make_repository(acme, "web")


@pytest.fixture
def woken(monkeypatch):
    """The events for which a worker was woken up."""
    events: list[str] = []
    monkeypatch.setattr(inbox, "wake", lambda _task, key: events.append(key))
    return events


def settings_of(repository: Repository, **changes: Any) -> dict[str, Any]:
    values = {
        "visibility": repository.visibility,
        "scan_on_push": repository.scan_on_push,
        "immutable_tags": "[]",
        "tag_limit": repository.tag_limit,
        "enable_manifest_lists": "on",
    }
    return values | changes


def page_of(repository: Repository, page: str = "change") -> str:
    return reverse(f"admin:repositories_repository_{page}", args=(repository.pk,))


def replay(browser: Client, *events: RegistryEvent) -> str:
    url = reverse("admin:repositories_registryevent_changelist")
    data = {"action": "replay", "_selected_action": [event.pk for event in events]}
    return browser.post(url, data, follow=True).content.decode()


# --- repositories ---------------------------------------------------------------------


def test_a_repository_is_created_by_the_service(browser, acme):
    data = {"namespace": acme.namespace_id, "name": "team/web", "visibility": "private"}
    data |= {"immutable_tags": '["v*"]', "tag_limit": "0"}
    response = browser.post(reverse("admin:repositories_repository_add"), data)
    assert response.status_code == 302
    repository = Repository.objects.get()
    assert repository.full_name == "acme/team/web"
    assert repository.immutable_tags == ["v*"]
    assert AuditEvent.objects.latest("id").object_uuid == repository.uuid


def test_a_name_that_is_taken_is_an_error_of_the_form(browser, acme, web):
    data = {"namespace": acme.namespace_id, "name": "web", "visibility": "private"}
    data |= {"immutable_tags": "[]", "tag_limit": "0"}
    response = browser.post(reverse("admin:repositories_repository_add"), data)
    assert "“acme/web” exists already." in response.content.decode()
    assert Repository.objects.count() == 1


def test_editing_writes_what_changed_to_the_audit_log(browser, web):
    data = settings_of(web, visibility="public", short_description="The site")
    assert browser.post(page_of(web), data).status_code == 302
    web.refresh_from_db()
    assert web.is_public
    entry = AuditEvent.objects.latest("id")
    assert (entry.actor, entry.action, entry.object_uuid) == (
        "admin",
        "update",
        web.uuid,
    )
    assert entry.before == {"visibility": "private", "short_description": ""}
    assert entry.after == {"visibility": "public", "short_description": "The site"}


def test_deleting_keeps_the_row_and_ends_the_editing(browser, web):
    make_tag(web, "1.0")
    assert browser.get(page_of(web, "delete")).status_code == 200
    assert browser.post(page_of(web, "delete"), {"post": "yes"}).status_code == 302
    web.refresh_from_db()
    assert web.deleted_at
    assert AuditEvent.objects.latest("id").action == "delete"
    assert browser.get(page_of(web)).status_code == 200
    assert browser.post(page_of(web), settings_of(web)).status_code == 403
    assert browser.post(page_of(web, "delete"), {"post": "yes"}).status_code == 403


def test_the_page_leads_to_the_lists_of_what_is_in_it(browser, web):
    make_tag(web, "1.0")
    make_tag(make_repository(web.namespace.organization, "other"), "2.0")
    page = browser.get(page_of(web)).content.decode()
    link = (
        f"{reverse('admin:repositories_tag_changelist')}?repository__id__exact={web.pk}"
    )
    assert link in page
    assert [tag.name for tag in browser.get(link).context["cl"].result_list] == ["1.0"]


def test_a_grant_on_a_repository_replaces_the_one_before(browser, web):
    dana = make_user("dana")
    for level in ("read_only", "admin"):
        data = {"user": dana.pk, "content_object": web.pk, "level": level}
        browser.post(reverse("admin:repositories_repositoryusergrant_add"), data)
    assert RepositoryUserGrant.objects.get().level == "admin"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("acme", ["2.0", "1.0"]),
        ("acme/web", ["1.0"]),
        ("acme/web:1.0", ["1.0"]),
        ("acme/web:2.0", []),
        (":2.0", ["2.0"]),
        ("acme/we", []),
        ("", ["2.0", "1.0"]),
    ],
)
def test_tags_are_found_by_reference(browser, acme, web, words, found):
    make_tag(web, "1.0")
    make_tag(make_repository(acme, "other"), "2.0")
    url = reverse("admin:repositories_tag_changelist")
    tags = browser.get(url, {"q": words}).context["cl"].result_list
    assert [tag.name for tag in tags] == found


def test_tags_are_found_by_digest(browser, web):
    tag = make_tag(web, "1.0")
    make_tag(web, "2.0")
    url = reverse("admin:repositories_tag_changelist")
    found = browser.get(url, {"q": tag.manifest.digest}).context["cl"].result_list
    assert list(found) == [tag]


# --- the inbox ----------------------------------------------------------------------


def test_poison_is_replayed(browser, woken):
    event = make_event("one")
    assert "Events put back to work: 1." in replay(browser, event)
    event.refresh_from_db()
    assert (event.state, event.error, event.finished_at) == ("pending", "", None)
    assert woken == ["one"]
    entry = AuditEvent.objects.latest("id")
    assert (entry.action, entry.object_uuid) == ("replay", event.uuid)


def test_what_is_done_or_unreadable_is_not_replayed(browser, woken):
    done, body = make_event("done", state="done"), make_poisoned_body("body")
    assert "Left as they are: 2." in replay(browser, done, body)
    assert set(RegistryEvent.objects.values_list("state", flat=True)) == {
        "done",
        "poison",
    }
    assert woken == []


def test_poison_can_be_listed(browser):
    poison, _ = make_event("one"), make_event("two", state="done")
    url = reverse("admin:repositories_registryevent_changelist")
    found = browser.get(url, {"state__exact": "poison"}).context["cl"].result_list
    assert list(found) == [poison]
