"""Proposals in the portal: made in the form, answered on the policy's page."""

from __future__ import annotations

import pytest

from promotions.models import PromotionPolicy
from tests.factories import (
    make_organization,
    make_repository,
    make_tag,
    make_user,
)
from tests.portal.test_policies import filled_in

NEW = "/r/dev/website/promotions/new"


@pytest.fixture
def qa(quinn):
    """`qa/website`, of which Dana knows nothing."""
    make_organization(name="qa", owner=quinn)
    return make_repository(name="qa/website")


@pytest.fixture(autouse=True)
def woken(monkeypatch):
    keys: list[int] = []
    for module in ("policies", "policy_form"):
        monkeypatch.setattr(
            f"promotions.views.{module}.wake", lambda _task, key: keys.append(key)
        )
    return keys


@pytest.fixture
def proposal(browser, dana, source, qa) -> PromotionPolicy:
    browser(dana).post(NEW, filled_in(("ew", "-stable"), propose="on", apply=""))
    return PromotionPolicy.objects.get()


def page_at(policy: PromotionPolicy, repository: str = "qa/website") -> str:
    return f"/r/{repository}/promotions/{policy.uuid}"


def answer(client, policy, which, **changes):
    version = policy.proposed_version or policy.current_version
    data = {"version": version.uuid, "side": "target", "answer": which} | changes
    return client.post(f"{page_at(policy)}/consent", data, follow=True)


def test_without_asking_a_foreign_target_is_refused_at_its_field(
    browser, dana, source, qa
):
    for name in ("qa/website", "no/such"):
        form = browser(dana).post(NEW, filled_in(target=name)).context["form"]
        (sentence,) = form.errors["target"]
        assert sentence.startswith(f"You administer no repository “{name}”")
    assert not PromotionPolicy.objects.exists()


def test_the_target_finds_the_proposal_and_agrees(
    browser, dana, quinn, proposal, woken
):
    assert "Waiting for your consent" not in browser(dana).get("/").text
    client = browser(quinn)
    assert f'href="{page_at(proposal)}"' in client.get("/").text
    page = client.get(page_at(proposal)).text
    assert "dev/website" in page
    assert "tag ends with &quot;-stable&quot;" in page
    assert "Agree" in page
    page = answer(client, proposal, "accept", comment="Fine.").text
    assert "You agreed." in page
    assert "“Fine.”" in page
    assert woken == [proposal.pk]
    assert "Waiting for your consent" not in client.get("/").text


def test_the_source_reads_why_it_was_declined(browser, dana, quinn, proposal):
    answer(browser(quinn), proposal, "decline", comment="Too early.")
    page = browser(dana).get(page_at(proposal, "dev/website")).text
    assert "declined" in page
    assert "“Too early.”" in page
    assert "declined" in browser(dana).get("/r/dev/website/promotions").text


def test_the_target_stops_what_it_agreed_to(browser, quinn, proposal):
    client = browser(quinn)
    answer(client, proposal, "accept")
    proposal = PromotionPolicy.objects.get()
    page = answer(client, proposal, "withdraw", comment="Enough.").text
    assert "consent withdrawn" in page
    assert not PromotionPolicy.objects.running().exists()


def test_a_change_is_shown_as_a_difference(browser, dana, quinn, proposal):
    answer(browser(quinn), proposal, "accept")
    url = page_at(proposal, "dev/website")
    data = filled_in(("sw", "v"), tag_template="%n", propose="on")
    browser(dana).post(f"{url}/edit", data)
    page = browser(quinn).get(page_at(proposal)).text
    assert "Proposed change, version 2" in page
    assert "tag starts with &quot;v&quot;</ins>" in page
    assert "tag ends with &quot;-stable&quot;</del>" in page
    browser(dana).post(f"{url}/retract")
    assert "Proposed change" not in browser(quinn).get(page_at(proposal)).text


@pytest.mark.parametrize("who", ["dana", "stranger"])
def test_nobody_else_agrees_for_the_target(browser, dana, stranger, proposal, who):
    client = browser({"dana": dana, "stranger": stranger}[who])
    place = page_at(proposal, "dev/website" if who == "dana" else "qa/website")
    version = proposal.proposed_version
    data = {"version": version.uuid, "side": "target", "answer": "accept"}
    assert client.post(f"{place}/consent", data).status_code == 404
    assert PromotionPolicy.objects.get().current_version is None


@pytest.mark.parametrize(
    "changes", [{"side": "both"}, {"answer": "x"}, {"version": "no-uuid"}]
)
def test_a_forged_answer_is_not_found(browser, quinn, proposal, changes):
    version = proposal.proposed_version
    data = {"version": version.uuid, "side": "target", "answer": "accept"} | changes
    response = browser(quinn).post(f"{page_at(proposal)}/consent", data)
    assert response.status_code == 404


def test_a_namespaces_policy_is_made_by_its_admins(browser, dana, stranger, source):
    url = "/r/dev/promotions"
    assert browser(stranger).get(url).status_code == 404
    client = browser(dana)
    assert f'href="{url}"' in client.get("/r/dev/").text
    form = client.get(f"{url}/new").context["form"]
    assert form["source_pattern"].value() == "dev/**"
    data = filled_in(
        ("ew", "-lts"), source_pattern="dev/*", target="dev/out/{repository}"
    )
    page = client.post(f"{url}/new", data, follow=True).text
    policy = PromotionPolicy.objects.get()
    assert policy.scope == "namespace"
    assert "What it is about now" in page
    assert "dev/out/website" in page
    assert "dev/out/website" in client.get("/r/dev/website/promotions").text


def test_administrators_make_global_policies_and_admit(browser, dana, source):
    root = make_user(is_superuser=True)
    root.is_staff = True
    root.save()
    make_organization(name="archive")
    client, url = browser(root), "/promotions/global"
    assert browser(dana).get(url).status_code == 403
    admin_page = client.get("/admin/promotions/promotionpolicy/").text
    assert 'href="/admin/promotions/promotionpolicy/add/"' in admin_page
    data = filled_in(source_pattern="*/website", target="archive/{namespace}/x")
    client.post(f"{url}/new", data)
    policy = PromotionPolicy.objects.get()
    make_repository(name="late/website")
    page = client.get(f"{url}/{policy.uuid}/record").text
    assert "<strong>late</strong> matches, and waits to be admitted" in page
    at_late = client.get("/r/late/website/promotions").text
    assert "not admitted here" in at_late
    admission = {"namespace": "late", "admit": ""}
    client.post(f"{url}/{policy.uuid}/namespaces", admission)
    assert policy.admissions.filter(namespace__name="late").exists()
    client.post(f"{url}/{policy.uuid}/namespaces", {"namespace": "late", "dismiss": ""})
    assert not policy.admissions.filter(namespace__name="late").exists()


def test_what_would_become_public_is_said_at_its_tick(browser, dana, source):
    root = make_user(is_superuser=True)
    make_organization(name="archive")
    make_repository(name="archive/website", visibility="public")
    data = filled_in(source_pattern="dev/*", target="archive/{repository}")
    response = browser(root).post("/promotions/global/new", data)
    (sentence,) = response.context["form"].errors["allow_public_target"]
    assert "dev/website → archive/website" in sentence


def test_a_draft_about_many_is_replayed_in_the_form(browser, dana, source):
    make_tag(repository=source, name="1.0-lts")
    make_repository(name="dev/out/x")
    data = filled_in(("ew", "-lts"), source_pattern="dev/*", target="dev/out/x")
    data["replay"] = data.pop("save")
    page = browser(dana).post("/r/dev/promotions/new", data)
    assert "1 of 1</strong> push would have been promoted" in page.text
    assert page.context["editor"].replayed.promoted == 1
    assert not PromotionPolicy.objects.exists()
