"""Vulnerabilities that are hidden: with a reason, for a while, and listed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.access import AccessLevel
from repositories.models import VulnerabilityException
from tests.factories import (
    grant,
)
from tests.portal.scanned import LAYER, TAGS, hide, names, words


def test_what_is_hidden_does_not_count_but_is_shown(browser, dana, scanned, source):
    hide(dana, source)
    client = browser(dana)
    assert "critical" not in client.get(TAGS).text
    response = client.get(f"{TAGS}/1.0/vulnerabilities")
    assert names(response)[-1] == "CVE-2021-1"
    page = client.get(f"{TAGS}/1.0/vulnerability", {"id": "CVE-2021-1"}).text
    assert "hidden in dev/website by dana: “not reachable”" in page


def test_a_vulnerability_is_hidden_for_a_while_with_a_reason(
    browser, dana, scanned, source
):
    client, url = browser(dana), f"{TAGS}/1.0/hide"
    page = client.get(url, {"vulnerability": "CVE-2021-1", "layer_digest": LAYER})
    assert f'value="{LAYER}"' in page.text
    data = {
        "vulnerability": "CVE-2021-1",
        "component_name": "openssl",
        "component_version": "3.0.1",
        "scope": "image",
        "days": "90",
        "reason": "",
    }
    refused = client.post(url, data)
    assert refused.context["form"].errors.keys() == {"reason"}
    page = client.post(url, data | {"reason": "not reachable"}, follow=True)
    assert "CVE-2021-1 is hidden." in page.text
    made = VulnerabilityException.objects.get()
    assert made.digest == scanned.manifest.digest
    assert made.repository == source
    assert made.expires_at is not None
    assert timedelta(days=89) < made.expires_at - timezone.now() < timedelta(days=91)
    client.post(url, data | {"reason": "x", "scope": "namespace", "days": "never"})
    made = VulnerabilityException.objects.latest("id")
    assert (made.namespace, made.expires_at) == (source.namespace, None)


def test_only_an_admin_hides_and_a_namespace_only_its_admin(
    browser, stranger, scanned, source
):
    grant(to=stranger, on=source, level=AccessLevel.READ_WRITE)
    client, url = browser(stranger), f"{TAGS}/1.0/hide"
    assert client.get(url).status_code == 403
    grant(to=stranger, on=source, level=AccessLevel.ADMIN)
    data = {"vulnerability": "CVE-2021-1", "reason": "x", "days": "never"}
    refused = client.post(url, data | {"scope": "namespace"})
    assert refused.context["form"].errors.keys() == {"scope"}
    client.post(url, data | {"scope": "repository"})
    assert VulnerabilityException.objects.get().repository == source


def test_what_is_hidden_is_listed_and_ended(browser, dana, stranger, scanned, source):
    grant(to=stranger, on=source, level=AccessLevel.READ_ONLY)
    one, whole = hide(dana, source), hide(dana, source.namespace)
    client, url = browser(dana), "/r/dev/website/scans/hidden"
    page = client.get(url)
    assert {row.pk for row in page.context["page"].rows} == {one.pk, whole.pk}
    assert "Let it count" not in browser(stranger).get(url).text
    assert browser(stranger).post(f"{url}/{one.uuid}/end").status_code == 403
    client.post(f"{url}/{one.uuid}/end")
    assert list(client.get(url).context["page"].rows) == [whole]
    ended = client.get(url, {"ended": "1"})
    assert list(ended.context["page"].rows) == [one]
    assert "by dana" in words(ended.text)
    assert browser(stranger).post(f"{url}/{whole.uuid}/end").status_code == 404
    client.post(f"/r/dev/scans/hidden/{whole.uuid}/end")
    assert not client.get("/r/dev/scans/hidden").context["page"].rows


@pytest.mark.parametrize("page", ["/notices", TAGS, f"{TAGS}/1.0"])
def test_an_end_within_seven_days_is_warned_about(
    browser, dana, stranger, scanned, source, page
):
    grant(to=stranger, on=source, level=AccessLevel.READ_ONLY)
    now = timezone.now()
    hide(dana, source, vulnerability="CVE-SOON", expires_at=now + timedelta(days=6))
    hide(dana, source, vulnerability="CVE-LATER", expires_at=now + timedelta(days=8))
    shown = browser(dana).get(page).text
    assert "CVE-SOON in" in shown
    assert "CVE-LATER in" not in shown
    assert "CVE-SOON" not in browser(stranger).get(page).text
