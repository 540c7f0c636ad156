"""What the form of a policy says while one writes, before anything is saved."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

from accounts.access import AccessLevel, Actor
from promotions.models import PromotionPolicy
from promotions.rules.repository_pattern import RepositoryPattern
from promotions.services import policies
from tests.factories import (
    grant,
    make_organization,
    make_policy,
    make_repository,
    make_scan,
    make_tag,
    make_user,
    tag_rule,
)
from tests.portal.test_policies import NEW, filled_in

BOMB = "(a+)+" * 60 + "$"


@pytest.fixture(autouse=True)
def applied(monkeypatch):
    monkeypatch.setattr("promotions.views.policy_form.wake", lambda *_args: None)


def asked(what: str, data: dict[str, str], *, live: bool = True) -> dict[str, str]:
    """Return what is posted by that button, or by the script that stands for it."""
    kept = {name: value for name, value in data.items() if name != "save"}
    return kept | {what: ""} | ({"live": ""} if live else {})


def part(page: str, identifier: str) -> str:
    """Return the text of the page from the element with that id on."""
    return re.sub(r"\s+", " ", page.partition(f'id="{identifier}"')[2][:900])


# --- While somebody types


@pytest.mark.parametrize(
    "wrong",
    [
        ("tag", "matches", "a(b", "RE2 accepts: missing )"),
        (
            "tag",
            "matches",
            "ab[z-a]",
            "invalid character class range: z-a (at character 4)",
        ),
        ("tag", "matches", "a" * 513, "at most 512 characters"),
        ("vulnerability_major", "lt", "0", "No count is less than 0"),
        ("vulnerability_major", "ew", "0", "does not fit the field"),
        ("vulnerability_major", "lte", "many", "is no count of vulnerabilities"),
        ("updated_at_duration", "bf", "soon", "is no duration"),
        ("size", "gte", "huge", "is no size"),
        ("tag", "ew", "a\0b", "Null characters are not allowed"),
        ("tag", "nonsense", "a", "Select a valid choice"),
        ("nonsense", "eq", "a", "Select a valid choice"),
    ],
    ids=lambda wrong: repr(wrong[:3])[:50],
)
def test_what_saving_would_refuse_is_said_at_once_beside_its_card(
    browser, dana, source, target, wrong
):
    field, operator, value, said = wrong
    data = filled_in(("sw", "1."), (operator, value))
    data["rules-1-field"] = field
    page = browser(dana).post(NEW, asked("check", data)).text
    assert said in part(page, "id_rules-1-values_says").replace("&quot;", '"')
    assert "errors" not in part(page, "id_rules-0-values_says").partition("</div>")[0]
    assert not PromotionPolicy.objects.exists()


def test_an_expensive_expression_is_answered_as_quickly_as_any(
    browser, dana, source, target
):
    make_tag(repository=source, name="a" * 127)
    page = browser(dana).post(NEW, asked("try", filled_in(("matches", BOMB))))
    assert page.context["editor"].tried.promoted == 1


def test_what_is_not_written_yet_is_no_mistake(browser, dana, source, target):
    data = filled_in(("ew", "-stable"), ("ew", ""), target="")
    editor = browser(dana).post(NEW, asked("try", data)).context["editor"]
    assert not editor.mistakes
    assert editor.missing == ["a value for criterion 2", "target repository"]
    page = browser(dana).post(NEW, asked("try", data)).text
    assert "This needs a value for criterion 2, target repository first." in page
    assert 'id="now-answer"' not in page  # the last good answer is left in its place
    # Whoever presses the button is told.
    editor = browser(dana).post(NEW, asked("try", data, live=False)).context["editor"]
    assert [one.title for one in editor.mistakes] == [
        "Criterion 2",
        "Target repository",
    ]


def test_a_target_of_others_is_refused_alike_whether_it_exists(
    browser, dana, source, quinn
):
    make_organization(name="qa", owner=quinn)
    make_repository(name="qa/website")
    for name in ("qa/website", "qa/nothing", "nobody/nothing"):
        data = asked("check", filled_in(("ew", "-a"), target=name))
        page = browser(dana).post(NEW, data)
        (said,) = page.context["form"].errors["target"]
        assert said.replace(name, "…") == (
            "You administer no repository “…”, as a policy into it needs: choose"
            " another, or ask its admins to agree."
        )
        proposed = browser(dana).post(NEW, data | {"propose": "on"})
        assert not proposed.context["form"].errors


def test_a_loop_is_foreseen(browser, dana, source, target):
    make_policy(source=target, target=source)
    page = browser(dana).post(NEW, asked("try", filled_in(tag_template="%n")))
    assert page.context["editor"].refusals
    assert "loop" in part(page.text, "now-status")


def test_the_tick_for_what_becomes_public_comes_when_it_matters(
    browser, dana, source, target
):
    url = "/r/dev/promotions/new"
    data = asked("try", filled_in(("ew", "-a"), source_pattern="dev/**"))
    assert "allow_public_target" not in browser(dana).post(url, data).text
    target.visibility = "public"
    target.save()
    page = browser(dana).post(url, data)
    assert 'name="allow_public_target"' in part(page.text, "public")
    assert "dev/website → qa/website" in page.context["editor"].refusals[0]


# --- The template


def test_the_template_is_shown_on_the_newest_tag_or_the_one_typed(
    browser, dana, source, target
):
    make_tag(repository=source, name="old")
    make_tag(repository=source, name="2.1")
    data = filled_in(("matches", r"^(\d+)\."), tag_template="v%{1}-%n")
    shown = browser(dana).post(NEW, asked("check", data)).context["editor"]
    assert (shown.preview.made, shown.tags) == ("v2-2.1", ["2.1", "old"])
    data |= {"sample": "37.0"}
    shown = browser(dana).post(NEW, asked("check", data)).context["editor"]
    assert shown.preview.made == "v37-37.0"


@pytest.mark.parametrize(
    "sample",
    ["", "no tag at all", "x" * 5000, "a\0b", "\ud800"],
    ids=["none", "words", "long", "nul", "surrogate"],
)
def test_any_sample_is_answered(browser, dana, source, target, sample):
    data = asked("check", filled_in(sample=sample.encode("utf-8", "replace").decode()))
    assert browser(dana).post(NEW, data).status_code == 200


def test_each_code_says_what_it_gives_now(browser, dana, source, target):
    tag = make_tag(repository=source, name="2.1")
    given = browser(dana).get(NEW).context["editor"].preview.codes
    now = {one.code.code: one.now for one in given}
    assert (now["%n"], now["%Z"], now["%{1}"]) == ("2.1", "UTC", "")
    assert now["%{repository}"] == "website"
    assert now["%{digest}"] == tag.manifest.digest.partition(":")[2][:12]


def test_a_code_is_added_without_a_script(browser, dana, source, target):
    data = asked("insert", filled_in(tag_template="v"), live=False)
    page = browser(dana).post(NEW, data | {"insert": "%Y"})
    assert page.context["form"]["tag_template"].value() == "v%Y"
    page = browser(dana).post(NEW, data | {"insert": "<script>"})
    assert page.context["form"]["tag_template"].value() == "v"


# --- Suggestions


def suggested(client, url, asked_for, typed="", **data):
    data |= {"live": "", "suggest": asked_for, "typed": typed}
    editor = client.post(url, filled_in() | data).context["editor"]
    return [*editor.suggestions, *editor.targets]


def test_values_are_suggested_from_the_source(browser, dana, scanned, subtests):
    client = browser(dana)
    make_scan(manifest=make_tag(repository=make_repository(name="x/y")).manifest)
    for asked_for, typed, found in (
        ("tag", "1", ["1.0"]),
        ("component.name", "ssl", ["openssl"]),
        ("vulnerability.id", "cve-2021-1", ["CVE-2021-1"]),
        ("platform", "arm64", ["linux/arm64"]),
        ("size", "1", []),
        ("nonsense", "1", []),
        ("tag", "\0", ["1.0"]),
        ("tag", "%", []),
    ):
        with subtests.test(asked_for=asked_for, typed=typed):
            assert suggested(client, NEW, asked_for, typed) == found
    licenses = suggested(client, NEW, "license.name", "agpl-3.0")
    assert "AGPL-3.0-only" in licenses
    assert suggested(client, NEW, "license.name", "apache")[0] == "Apache-2.0"
    assert len(suggested(client, NEW, "license.name", "")) == 20


@pytest.mark.parametrize("field", ["tag", "license.name", "component.name", "target"])
def test_nothing_is_suggested_for_a_whole_book(browser, dana, scanned, field):
    assert suggested(browser(dana), NEW, field, "a" * 100_000) == []


def test_nothing_is_suggested_from_where_one_may_not_pull(browser, dana, scanned):
    foreign = make_tag(repository=make_repository(name="secret/site"), name="hush-1")
    make_scan(manifest=foreign.manifest, components={"hushware": ""})
    client = browser(dana)
    for url in (NEW, "/r/dev/promotions/new"):
        data = {"source_pattern": "*/**"}
        assert suggested(client, url, "tag", "hush", **data) == []
        assert suggested(client, url, "component.name", "hush", **data) == []


def test_targets_are_searched_among_those_one_administers(
    browser, dana, source, target, quinn
):
    make_repository(name="qa/hidden")
    public = make_repository(name="qa/public", visibility="public")
    grant(to=dana, on=public, level=AccessLevel.READ_WRITE)
    client = browser(dana)
    assert suggested(client, NEW, "target", "qa/") == ["qa/website"]
    assert suggested(client, NEW, "target", "WEB") == ["dev/website", "qa/website"]
    assert 'value="qa/website"' in part(client.get(NEW).text, "targets")


# --- Saving


def test_the_summary_leads_to_what_is_wrong(browser, dana, source, target):
    page = browser(dana).post(NEW, filled_in(("ew", ""), tag_template="%Q")).text
    summary = part(page, "mistakes")
    assert "autofocus" in summary
    assert 'href="#id_rules-0-values">Criterion 1</a>' in summary
    assert 'href="#id_tag_template">Tag in the target</a>' in summary
    assert "data-unsaved" in page


def test_sent_twice_it_is_one_policy(browser, dana, source, target):
    client = browser(dana)
    data = filled_in(("ew", "-stable"), request_uuid=str(uuid4()))
    first, again = client.post(NEW, data), client.post(NEW, data)
    assert first.url == again.url
    assert PromotionPolicy.objects.count() == 1
    other = client.post(NEW, data | {"rules-0-values": "-lts"})  # back, and another
    assert other.url != first.url
    for policy in PromotionPolicy.objects.all():
        policies.delete(actor=Actor(dana), policy=policy)
    assert client.post(NEW, data).url not in {first.url, other.url}


def test_a_request_cannot_be_made_into_that_of_another(browser, dana, source, target):
    policy = make_policy(source=source, target=target)
    for uuid in (str(policy.uuid), "nonsense", "x" * 5000):
        answer = browser(dana).post(NEW, filled_in(("ew", "-a"), request_uuid=uuid))
        assert answer.status_code == 302
        assert str(policy.uuid) not in answer.url


def test_what_somebody_else_saved_meanwhile_is_not_overwritten_unseen(
    browser, dana, source, target
):
    policy = make_policy(source=source, target=target, rules=[tag_rule("sw", "1.")])
    client, url = browser(dana), f"/r/dev/website/promotions/{policy.uuid}/edit"
    base = client.get(url).context["editor"].base
    mine = filled_in(("sw", "2."), base=base)
    client.post(url, filled_in(("sw", "3."), base=base))  # in another window
    page = client.post(url, mine)
    assert "Somebody else changed the policy while you did" in page.text
    assert "tag starts with &quot;3.&quot;</ins>" in page.text
    assert "tag starts with &quot;1.&quot;</del>" in page.text
    assert page.context["rules"][0]["values"].value() == "2."
    policy.refresh_from_db()
    assert policy.shown_version.rules == [tag_rule("sw", "3.")]
    knowing = mine | {"base": page.context["editor"].base}
    assert client.post(url, knowing).status_code == 302
    policy.refresh_from_db()
    assert policy.shown_version.rules == [tag_rule("sw", "2.")]


@pytest.mark.parametrize("base", ["nonsense", "c0ffee00-0000-4000-8000-000000000000"])
def test_a_version_that_never_was_is_none_to_save_upon(
    browser, dana, source, target, base
):
    policy = make_policy(source=source, target=target)
    url = f"/r/dev/website/promotions/{policy.uuid}/edit"
    page = browser(dana).post(url, filled_in(("sw", "2."), base=base))
    assert "Somebody else changed the policy" in page.text
    assert policy.versions.count() == 1


# --- Too much of it


def test_ten_thousand_cards_are_refused(browser, dana, source, target):
    data = filled_in() | {"rules-TOTAL_FORMS": "10000"}
    page = browser(dana).post(NEW, data)
    assert "at most 50" in page.text
    for number in range(10_000):
        data[f"rules-{number}-field"] = "tag"
    assert browser(dana).post(NEW, data).status_code == 400
    assert not PromotionPolicy.objects.exists()


@pytest.mark.parametrize("total", ["", "-1", "many", "9" * 400], ids=len)
def test_a_forged_number_of_cards_is_refused(browser, dana, source, target, total):
    data = filled_in(("ew", "-a")) | {"rules-TOTAL_FORMS": total}
    for button in ("save", "check", "add_rule", "try"):
        page = browser(dana).post(NEW, asked(button, data, live=False))
        assert page.status_code == 200
    assert not PromotionPolicy.objects.exists()


def test_too_many_values_are_refused(browser, dana, source, target):
    for values in (",".join(f"v{n}" for n in range(101)), "v" * 100_000):
        page = browser(dana).post(NEW, filled_in(("oo", values)))
        assert "at most" in part(page.text, "id_rules-0-values_says")
    assert not PromotionPolicy.objects.exists()


@pytest.mark.parametrize("button", ["check", "suggest"])
def test_what_is_asked_while_typing_costs_little_however_much_there_is(
    browser, dana, source, target, button, django_assert_max_num_queries
):
    for number in range(30):
        tag = make_tag(repository=source, name=f"1.{number}")
        make_scan(manifest=tag.manifest)
    client = browser(dana)
    data = asked(button, filled_in(*[("c", "1")] * 20))
    data |= {"suggest": "component.name"} if button == "suggest" else {}
    with django_assert_max_num_queries(16):
        assert client.post(NEW, data).status_code == 200


def test_a_trial_tells_how_far_it_looked(browser, dana, source, target):
    for number in range(53):
        make_tag(repository=source, name=f"{number}")
    page = browser(dana).post(NEW, asked("try", filled_in(("ew", "1")))).text
    assert "5 of the newest 50</strong> tags would be promoted" in page


# --- The other places


def test_a_global_policy_is_written_with_the_same_form(browser, source, target):
    admin = make_user(is_superuser=True)
    make_tag(repository=source, name="1.0")
    data = filled_in(
        ("sw", "1"),
        source_pattern="dev/**",
        target="qa/{repository}",
        tag_template="%n",
    )
    page = browser(admin).post("/promotions/global/new", asked("try", data))
    assert page.context["editor"].tried.rows[0].target == "qa/website"
    assert page.context["editor"].is_wide
    browser(admin).post("/promotions/global/new", data)
    version = PromotionPolicy.objects.get().shown_version
    assert version.source_pattern == str(RepositoryPattern("dev/**"))


def test_others_cannot_even_try(browser, stranger, source, target):
    grant(to=stranger, on=source, level=AccessLevel.READ_WRITE)
    for what in ("check", "try", "replay", "suggest", "add_rule"):
        page = browser(stranger).post(NEW, asked(what, filled_in(("ew", "-a"))))
        assert page.status_code == 403
