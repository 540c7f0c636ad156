"""Pages of a policy that a file owns: it is shown, stopped, and changed in its file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from accounts.access import SYSTEM
from promotions.services import policies
from promotions.services.policies.managed import write
from tests.factories import make_policy, make_user

if TYPE_CHECKING:
    from promotions.models import PromotionPolicy


@pytest.fixture
def policy(source, target) -> PromotionPolicy:
    made = make_policy(source=source, target=target)
    write(made, key="to-qa")
    policies.mark(actor=SYSTEM, policy=made, file="team-dev", enabled=True)
    return made


def page_of(policy: PromotionPolicy, page: str = "") -> str:
    return f"/r/dev/website/promotions/{policy.uuid}{page}"


def test_its_page_says_which_file_owns_it_and_offers_no_change(browser, dana, policy):
    text = browser(dana).get(page_of(policy)).text
    assert "A file owns this policy" in text
    assert "team-dev" in text
    assert "to-qa" in text
    assert "Switch off" in text
    assert page_of(policy, "/edit") not in text
    assert page_of(policy, "/delete") not in text


def test_its_form_says_how_to_change_it_and_saves_nothing(browser, dana, policy):
    page = browser(dana)
    text = page.get(page_of(policy, "/edit")).text
    assert "A file owns this policy" in text
    assert 'id="policy-form"' not in text
    refused = page.post(page_of(policy, "/edit"), {"save": "", "tag_template": "x"})
    assert refused.status_code == 403
    assert page.post(page_of(policy, "/delete")).status_code == 403
    assert "The file “team-dev” owns this policy" in refused.text
    policy.refresh_from_db()
    assert (policy.deleted_at, policy.versions.count()) == (None, 1)


def test_it_is_switched_off(browser, dana, policy):
    browser(dana).post(page_of(policy, "/switch"), {"enabled": "off"})
    policy.refresh_from_db()
    assert not policy.enabled


def test_released_it_is_changed_here_again(browser, dana, policy):
    page = browser(dana)
    answer = page.post(page_of(policy, "/release"), follow=True)
    assert "released from its file" in answer.text
    assert page_of(policy, "/edit") in answer.text
    policy.refresh_from_db()
    assert policy.managed_by == ""


def test_who_reads_the_source_neither_releases_it_nor_learns_the_file(
    browser, quinn, policy
):
    stranger = make_user(name="mallory")
    assert browser(stranger).post(page_of(policy, "/release")).status_code == 404
    qa = f"/r/qa/website/promotions/{policy.uuid}"
    text = browser(quinn).get(qa).text
    assert "A file owns this policy" in text
    assert "team-dev" not in text
    assert browser(quinn).post(f"{qa}/release").status_code in {403, 404}
    policy.refresh_from_db()
    assert policy.managed_by == "team-dev"
