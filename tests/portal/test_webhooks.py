"""Pages about webhooks: made, shown once, tested, paused, and what was sent."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.access import AccessLevel
from accounts.models import AuditEvent
from repositories.models import DeliveryState, EventType, Webhook, WebhookDelivery
from tests.factories import grant, make_delivery, make_repository, make_user

NAMES = ("dev", "website")


def of_website(page: str, *more: Any) -> str:
    return reverse(f"repositories:{page}", args=(*NAMES, *more))


@pytest.fixture
def website(db):
    return make_repository(name="dev/website")


@pytest.fixture
def olga(website):
    person = make_user(name="olga")
    grant(to=person, on=website, level=AccessLevel.ADMIN)
    return person


@pytest.fixture
def admin(client, olga):
    client.force_login(olga)
    return client


@pytest.fixture
def endpoint(settings):
    settings.OUTBOUND_ALLOW = ["tenant-webhook=10.0.0.0/8:8080"]
    return "http://10.0.0.1:8080/hook"


def form(client: Any, endpoint: str) -> dict[str, Any]:
    page = client.get(of_website("webhooks_new"))
    request_id = page.context["form"]["request_id"].value()
    sent = {"type": "PROMOTION", "endpoint": endpoint, "format": "slack"}
    return {"request_id": str(request_id), **sent}


def test_a_webhook_is_made_and_its_secret_shown_once(admin, olga, endpoint):
    page = admin.post(of_website("webhooks_new"), form(admin, endpoint))
    webhook = Webhook.objects.get()
    assert (webhook.author, webhook.type, webhook.format) == (
        olga,
        "PROMOTION",
        "slack",
    )
    assert webhook.secret in page.content.decode()
    assert page["Cache-Control"].startswith("max-age=0")
    for url in (of_website("webhooks"), of_website("webhooks_one", webhook.uuid)):
        assert webhook.secret not in admin.get(url).content.decode()


def test_a_form_sent_twice_makes_one_webhook(admin, endpoint):
    sent = form(admin, endpoint)
    admin.post(of_website("webhooks_new"), sent)
    again = admin.post(of_website("webhooks_new"), sent)
    assert "sent twice" in again.content.decode()
    assert Webhook.objects.count() == 1


def test_an_address_that_may_not_be_called_is_said_at_its_field(admin):
    page = admin.post(of_website("webhooks_new"), form(admin, "http://10.9.9.9/"))
    assert "cannot be called from here" in page.content.decode()
    assert "10.9.9.9" not in str(page.context["form"].errors)
    assert not Webhook.objects.exists()


def test_the_form_offers_what_is_sent_here(admin):
    offered = dict(
        admin.get(of_website("webhooks_new")).context["form"].fields["type"].choices
    )
    assert EventType.PROMOTION_FAILED in offered
    assert EventType.TAG_PULL not in offered
    assert EventType.REPO_CREATED not in offered


def change(client: Any, webhook: Webhook, what: str) -> Any:
    url = of_website("webhooks_change", webhook.uuid)
    return client.post(url, {"change": what}, follow=True)


def test_the_buttons_pause_resume_test_and_delete(admin, olga, website):
    webhook = make_delivery(author=olga, scope=website).webhook
    change(admin, webhook, "pause")
    webhook.refresh_from_db()
    assert webhook.pause == Webhook.Pause.PERSON
    change(admin, webhook, "resume")
    change(admin, webhook, "test")
    webhook.refresh_from_db()
    assert webhook.pause == ""
    assert webhook.deliveries.filter(is_test=True).count() == 1
    page = change(admin, webhook, "nonsense")
    assert "Choose what to do" in page.content.decode()
    change(admin, webhook, "delete")
    assert not Webhook.objects.exists()


def test_too_many_tests_are_said(admin, olga, website, settings):
    settings.WEBHOOK_TESTS_PER_HOUR = 0
    webhook = make_delivery(author=olga, scope=website).webhook
    page = change(admin, webhook, "test")
    assert "within an hour" in page.content.decode()
    assert not AuditEvent.objects.filter(action="test webhook").exists()


def test_a_new_secret_is_shown_once(admin, olga, website):
    webhook = make_delivery(author=olga, scope=website).webhook
    page = admin.post(of_website("webhooks_secret", webhook.uuid))
    webhook.refresh_from_db()
    assert webhook.secret in page.content.decode()
    assert len(webhook.secrets) == 2
    admin.post(of_website("webhooks_secret", webhook.uuid), {"end_previous": "1"})
    webhook.refresh_from_db()
    assert len(webhook.secrets) == 1


def test_what_was_sent_is_shown_and_sent_again(admin, olga, website):
    delivery = make_delivery(author=olga, scope=website, response_body="<b>thanks</b>")
    names = (delivery.webhook.uuid, delivery.uuid)
    page = admin.get(of_website("webhooks_delivery", *names)).content.decode()
    assert "&lt;b&gt;thanks&lt;/b&gt;" in page
    assert "TAG_PUSH" in page
    admin.post(of_website("webhooks_resend", *names))
    assert WebhookDelivery.objects.get().state == DeliveryState.PENDING


def test_the_answer_of_a_private_address_is_withheld(admin, olga, website):
    delivery = make_delivery(
        author=olga, scope=website, is_private=True, response_body="inside", detail="x9"
    )
    names = (delivery.webhook.uuid, delivery.uuid)
    page = admin.get(of_website("webhooks_delivery", *names)).content.decode()
    assert "inside" not in page
    assert "x9" not in page
    assert "Only an administrator of the portal" in page


def test_each_place_has_its_own_webhooks_only(admin, olga, website):
    """Ids of other places lead nowhere, whoever asks."""
    grant(to=olga, on=website.namespace, level=AccessLevel.ADMIN)
    own = make_delivery(author=olga, scope=website)
    other = make_repository(name="dev/other")
    for foreign in (
        make_delivery(author=olga, scope=other),
        make_delivery(author=olga, scope=website.namespace),
        make_delivery(author=olga, scope=None),
    ):
        for webhook, delivery in ((foreign, foreign), (own, foreign), (foreign, own)):
            names = (webhook.webhook.uuid, delivery.uuid)
            assert admin.get(of_website("webhooks_delivery", *names)).status_code == 404
            assert admin.post(of_website("webhooks_resend", *names)).status_code == 404
        for page in ("webhooks_change", "webhooks_secret"):
            url = of_website(page, foreign.webhook.uuid)
            assert admin.post(url, {"change": "delete"}).status_code == 404
    assert Webhook.objects.count() == 4


def test_a_stopped_webhook_is_a_notice_to_who_can_mend_it(admin, client, olga, website):
    webhook = make_delivery(author=olga, scope=website).webhook
    stopped = {"pause": "failures", "paused_at": timezone.now(), "failures": 30}
    Webhook.objects.filter(pk=webhook.pk).update(**stopped)
    page = admin.get(reverse("promotions:notices"))
    assert "failed 30 times in a row" in page.content.decode()
    assert of_website("webhooks_one", webhook.uuid) in page.content.decode()
    client.force_login(make_user(name="stranger"))
    page = client.get(reverse("promotions:notices")).content.decode()
    assert "dev/website" not in page
