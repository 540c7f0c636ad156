from __future__ import annotations

import pytest

from accounts.access import AccessLevel
from promotions.models import PromotionPolicy
from tests.factories import grant, make_policy, make_tag, tag_rule

NEW = "/r/dev/website/promotions/new"


def filled_in(*rules: tuple[str, str], **changes: str) -> dict[str, str]:
    """Return what a browser posts; each rule is an operator and its values."""
    data = {
        "target": "qa/website",
        "tag_template": "%Y%m%d-%H%M%S",
        "zone": "UTC",
        "on_moved_tag": "latest_only",
        "on_conflict": "overwrite",
        "unscored": "wait",
        "unlicensed": "wait",
        "exceptions_of": "source",
        "enabled": "on",
        "rules-TOTAL_FORMS": str(len(rules)),
        "rules-INITIAL_FORMS": "0",
        "save": "",
    }
    for number, (operator, values) in enumerate(rules):
        data[f"rules-{number}-field"] = "tag"
        data[f"rules-{number}-operator"] = operator
        data[f"rules-{number}-values"] = values
    return data | changes


@pytest.fixture
def applied(monkeypatch):
    """The keys of the policies for which *Save & Apply* was enqueued."""
    keys: list[int] = []
    monkeypatch.setattr(
        "promotions.views.policy_form.wake", lambda _task, key: keys.append(key)
    )
    return keys


def test_a_policy_is_made_from_its_form(browser, dana, source, target, applied):
    data = filled_in(("ew", "-stable"), ("noo", "a-stable, b-stable\nc-stable"))
    page = browser(dana).post(NEW, data, follow=True)
    policy = PromotionPolicy.objects.live().get()
    assert policy.shown_version.rules == [
        tag_rule("ew", "-stable"),
        tag_rule("noo", "a-stable", "b-stable", "c-stable"),
    ]
    assert page.redirect_chain == [(f"/r/dev/website/promotions/{policy.uuid}", 302)]
    assert "tag ends with &quot;-stable&quot;" in page.text
    assert applied == []


def test_save_and_apply_looks_at_the_tags_that_exist(
    browser, dana, source, target, applied
):
    data = filled_in(("ew", "-stable"), apply="")
    browser(dana).post(NEW, data)
    policy = PromotionPolicy.objects.get()
    assert policy.apply_wanted_at is not None
    assert applied == [policy.pk]


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"target": "qa/other"}, "target", "You administer no repository “qa/other”"),
        ({"target": "\0"}, "target", "Null characters are not allowed"),
        ({"tag_template": "%Q"}, "tag_template", 'There is no code "%Q"'),
        ({"zone": "Mars"}, "zone", "“Mars” is no time zone"),
        (
            {"target": "dev/website", "tag_template": "%n"},
            "tag_template",
            "promote each image onto itself",
        ),
    ],
)
@pytest.mark.usefixtures("source", "target")
def test_what_is_wrong_stands_at_its_field(browser, dana, changes, field, sentence):
    response = browser(dana).post(NEW, filled_in(**changes))
    errors = response.context["form"].errors
    assert list(errors) == [field]
    assert sentence in errors[field][0]
    assert f'id="id_{field}_error"' in response.text
    assert not PromotionPolicy.objects.exists()


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (("ew", ""), "Write what to compare with"),
        (("ew", "one\ntwo"), "“ends with” takes one value"),
        (("matches", "("), "is not a regular expression that RE2 accepts"),
    ],
)
def test_a_wrong_rule_is_refused_on_its_card(
    browser, dana, source, target, rule, sentence
):
    response = browser(dana).post(NEW, filled_in(("sw", "1."), rule))
    first, second = response.context["rules"].forms
    assert not first.errors
    assert sentence in second.errors["values"][0]
    assert 'id="id_rules-1-values_error"' in response.text


def test_rules_that_exclude_each_other_are_refused(browser, dana, source, target):
    data = filled_in(("eq", "a"), ("eq", "b"), ("sw", "a"))
    rules = browser(dana).post(NEW, data).context["rules"]
    said = [form.errors.get("values", [""])[0] for form in rules]
    assert said[0].startswith("Together with criterion 2: no tag equals")
    assert said[1].startswith("Together with criterion 1: no tag equals")
    assert not said[2]
    assert not PromotionPolicy.objects.exists()


def test_a_contradiction_with_a_group_stands_on_its_cards(
    browser, dana, source, target
):
    data = filled_in(("ew", "-a"), ("ew", "-b"), ("ew", "-c"), ("sw", "1"))
    data |= {f"rules-{card}-group": "A" for card in (1, 2)}
    rules = browser(dana).post(NEW, data).context["rules"]
    said = [form.errors.get("values", [""])[0] for form in rules]
    assert [bool(one) for one in said] == [False, True, True, False]
    assert said[1] == "none of its alternatives can hold together with them."


def test_cards_come_and_go_without_a_script(browser, dana, source, target):
    client, data = browser(dana), filled_in(("sw", "1."), ("ew", "-rc"), zone="odd")
    data.pop("save")
    more = client.post(NEW, data | {"add_rule": ""}).context
    assert [form["values"].value() for form in more["rules"]] == ["1.", "-rc", None]
    less = client.post(NEW, data | {"remove_rule": "0"}).context
    assert [form["values"].value() for form in less["rules"]] == ["-rc"]
    assert less["form"]["zone"].value() == "odd"
    assert not PromotionPolicy.objects.exists()


def test_a_draft_is_tried_on_the_tags_that_exist(browser, dana, source, target):
    make_tag(repository=source, name="1.1-beta")
    make_tag(repository=source, name="1.0-stable")
    data = filled_in(("ew", "-stable"), tag_template="qa-%n")
    data["try"] = data.pop("save")
    page = browser(dana).post(NEW, data).text
    assert "qa-1.0-stable" in page
    assert "tag &quot;1.1-beta&quot; does not end with &quot;-stable&quot;" in page
    assert not PromotionPolicy.objects.exists()


def test_a_change_is_the_next_version(browser, dana, source, target):
    policy = make_policy(source=source, target=target, rules=[tag_rule("sw", "1.")])
    client, url = browser(dana), f"/r/dev/website/promotions/{policy.uuid}/edit"
    shown = client.get(url).context["rules"]
    assert [form["values"].value() for form in shown] == ["1."]
    client.post(url, filled_in(("sw", "2.")))
    policy.refresh_from_db()
    assert policy.shown_version.number == 2
    assert policy.shown_version.rules == [tag_rule("sw", "2.")]


def test_the_switch_makes_no_version(browser, dana, source, target):
    policy = make_policy(source=source, target=target)
    client, url = browser(dana), f"/r/dev/website/promotions/{policy.uuid}/switch"
    assert client.get(url).status_code == 405
    client.post(url, {"enabled": "off"})
    policy.refresh_from_db()
    assert (policy.enabled, policy.shown_version.number) == (False, 1)
    client.post(url, {"enabled": "on"})
    policy.refresh_from_db()
    assert policy.enabled


def test_an_admin_of_the_target_may_delete_the_policy(browser, quinn, source, target):
    policy = make_policy(source=source, target=target)
    client, url = browser(quinn), f"/r/qa/website/promotions/{policy.uuid}/delete"
    assert "a repository you have no access to" in client.get(url).text
    assert client.post(url).url == "/r/qa/website/promotions?as=target"
    assert not PromotionPolicy.objects.live().exists()


def test_a_reader_sees_policies_but_changes_none(
    browser, stranger, source, target, subtests
):
    grant(to=stranger, on=source, level=AccessLevel.READ_ONLY)
    policy = make_policy(source=source, target=target)
    client, url = browser(stranger), f"/r/dev/website/promotions/{policy.uuid}"
    page = client.get("/r/dev/website/promotions").text
    assert "every tag" in page
    assert "/switch" not in page
    assert "/switch" not in client.get(url).text
    for response in (
        client.get(f"{url}/edit"),
        client.post(f"{url}/switch", {"enabled": "off"}),
        client.post(f"{url}/delete"),
    ):
        with subtests.test(url=response.request["PATH_INFO"]):
            assert response.status_code == 403
            assert "This needs the right “admin”" in response.text


def test_the_toggle_shows_the_other_side(browser, dana, source, target):
    make_policy(source=source, target=target)
    client = browser(dana)
    as_source = client.get("/r/qa/website/promotions?as=source")
    as_target = client.get("/r/qa/website/promotions?as=target")
    assert "No policy promotes from here" in as_source.text
    assert 'href="/r/dev/website"' in as_target.text


def test_alternatives_are_saved_as_a_group_and_shown_again(
    browser, dana, source, target, applied
):
    data = filled_in(("sw", "v"), ("ew", "-stable"), ("ew", "-lts"))
    data |= {"rules-1-group": "A", "rules-2-group": "A"}
    browser(dana).post(NEW, data)
    policy = PromotionPolicy.objects.live().get()
    alternatives = {"any": [tag_rule("ew", "-stable"), tag_rule("ew", "-lts")]}
    assert policy.shown_version.rules == [tag_rule("sw", "v"), alternatives]
    page = browser(dana).get(f"/r/dev/website/promotions/{policy.uuid}/edit")
    groups = [form["group"].value() for form in page.context["rules"]]
    assert groups == ["", "A", "A"]


def test_a_group_of_one_is_refused(browser, dana, source, target):
    data = filled_in(("ew", "-stable")) | {"rules-0-group": "A"}
    page = browser(dana).post(NEW, data)
    assert not PromotionPolicy.objects.exists()
    assert "2 to 20 rules, not 1" in page.text


@pytest.mark.parametrize(
    "rule",
    [
        {"field": "vulnerability_critical", "operator": "lte", "values": ["0"]},
        {"field": "license.name", "operator": "noo", "values": ["AGPL-3.0-only"]},
        {"field": "updated_at_duration", "operator": "bf", "values": ["24h"]},
    ],
    ids=lambda rule: rule["field"],
)
def test_every_kind_of_rule_can_be_saved(browser, dana, source, target, rule):
    data = filled_in((rule["operator"], rule["values"][0]))
    browser(dana).post(NEW, data | {"rules-0-field": rule["field"]})
    assert PromotionPolicy.objects.live().get().shown_version.rules == [rule]


def test_a_comparison_that_does_not_fit_the_field_is_refused(
    browser, dana, source, target
):
    data = filled_in(("ew", "0")) | {"rules-0-field": "vulnerability_all"}
    page = browser(dana).post(NEW, data)
    assert "does not fit the field vulnerability_all" in page.text
