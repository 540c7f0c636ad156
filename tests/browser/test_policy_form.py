"""The form of a policy in a browser: by keyboard, live, and without a script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from promotions.models import PromotionPolicy
from tests.browser.accessibility import barriers
from tests.factories import make_tag, tag_rule

pytestmark = pytest.mark.slow

NEW = "/r/dev/website/promotions/new"
NEXT = "Tab"


@pytest.fixture(autouse=True)
def _woken(monkeypatch):
    monkeypatch.setattr("promotions.views.policy_form.wake", lambda *_args: None)


@pytest.fixture
def form(cast, page_as, live_server):
    """The form of a new policy of `dev/website`, opened by Dana, once it answered."""
    make_tag(repository=cast.source, name="3.0-stable")
    page = page_as("dana")
    page.goto(live_server.url + NEW)
    expect(page.locator("#now-status")).to_contain_text("This needs")
    return page


def reach(page, field):
    """Press Tab until the field has the focus."""
    for _ in range(80):
        page.keyboard.press(NEXT)
        if page.locator(f"{field}:focus").count():
            return
    pytest.fail(f"Tab does not lead to {field}.")


def values_of(page, card=0):
    """Return what would be sent of a card."""
    return page.locator(f"#id_rules-{card}-values").input_value().split("\n")


def saved():
    """Return the content of the policy that was made beside those of the cast."""
    policy = PromotionPolicy.objects.order_by("pk").last()
    assert policy is not None
    return policy.shown_version


def test_a_policy_is_made_by_keyboard_alone(form):
    reach(form, "#id_rules-0-field")
    reach(form, "#id_rules-0-operator")
    form.keyboard.type("not one")
    reach(form, "#id_rules-0-values_editor")
    form.keyboard.type("a-rc,b-rc")
    form.keyboard.press("Enter")
    reach(form, "[name=add_rule]")
    form.keyboard.press("Enter")
    expect(form.locator("#id_rules-1-field")).to_be_focused()
    form.keyboard.type("critical")
    reach(form, "#id_rules-1-values_editor")
    form.keyboard.type("3")
    reach(form, "#id_target")
    form.keyboard.type("qa/website")
    reach(form, "[name=insert][value='%Y']")
    form.keyboard.press("Enter")
    expect(form.locator("#id_tag_template")).to_be_focused()
    expect(form.locator("#id_tag_template")).to_have_value("%n%Y")
    reach(form, "[name=save]")
    form.keyboard.press("Enter")
    form.wait_for_url(re.compile(r"/promotions/[0-9a-f-]{36}(#|$)"))
    assert saved().rules == [
        tag_rule("noo", "a-rc", "b-rc"),
        {"field": "vulnerability_critical", "operator": "gte", "values": ["3"]},
    ]
    assert (saved().target, saved().tag_template) == ("qa/website", "%n%Y")


def test_values_are_chips(form):
    form.locator("#id_rules-0-operator").select_option("oo")
    entry, chips = form.locator("#id_rules-0-values_editor"), form.locator(".chip")
    entry.press_sequentially("one,two")
    entry.press("Enter")
    expect(chips).to_have_count(2)
    entry.evaluate(
        """entry => {
          const data = new DataTransfer();
          data.setData("text", "three\\nfour, two");
          const options = { clipboardData: data, bubbles: true, cancelable: true };
          entry.dispatchEvent(new ClipboardEvent("paste", options));
        }"""
    )
    assert values_of(form) == ["one", "two", "three", "four"]
    entry.press("Backspace")
    expect(form.locator("#announcer")).to_have_text("four removed, 3 left")
    form.get_by_role("button", name="Remove one", exact=True).press("Delete")
    expect(form.get_by_role("button", name="Remove two", exact=True)).to_be_focused()
    entry.press_sequentially("typed and not added")
    assert values_of(form) == ["two", "three", "typed and not added"]
    # What was written stays when one looks for another comparison, and comes back.
    form.locator("#id_rules-0-operator").select_option("noo")
    expect(chips).to_have_count(3)


def test_each_field_has_its_own_way_to_write(form):
    field = form.locator("#id_rules-0-field")
    for chosen, kind, typed, written in (
        ("vulnerability_all", "number", "7", "7"),
        ("updated_at", "datetime-local", "2026-02-03T04:05", "2026-02-03T04:05:00Z"),
        ("updated_at_duration", "number", "36", "36h"),
        ("size", "number", "1.5", "1.5MB"),
    ):
        form.locator("[name=remove_rule]").first.click()
        form.locator("[name=add_rule]").click()
        field.select_option(chosen)
        editor = form.locator("#id_rules-0-values_editor")
        expect(editor).to_have_attribute("type", kind)
        editor.fill(typed)
        assert values_of(form) == [written]
    offered = form.locator("#id_rules-0-operator option:not([hidden])")
    assert offered.all_inner_texts() == [
        "greater than or equals",
        "greater than",
        "less than or equals",
        "less than",
    ]


def test_a_wrong_expression_is_said_while_typing_and_the_last_answer_stays(form):
    form.locator("#id_target").fill("qa/website")
    form.locator("#id_rules-0-operator").select_option("matches")
    value = form.locator("#id_rules-0-values_editor")
    value.fill("stable$")
    expect(form.locator("#now-status")).to_contain_text("would be promoted")
    expect(form.locator("#now-answer")).to_contain_text("3.0-stable")
    value.fill("(stable$")
    says = form.locator("#id_rules-0-values_says")
    expect(says).to_contain_text("missing )")
    expect(value).to_have_attribute("aria-invalid", "true")
    expect(form.locator("#now-status")).to_contain_text("Correct what is marked")
    expect(form.locator("#now-answer")).to_contain_text("3.0-stable")
    assert not barriers(form)
    value.fill("(stable)$")
    expect(says.locator(".errors")).to_have_count(0)
    expect(value).not_to_have_attribute("aria-invalid", "true")
    assert values_of(form) == ["(stable)$"]


def test_what_was_said_of_a_card_moves_with_it(form):
    form.locator("#id_rules-0-values_editor").fill("-stable")
    form.locator("[name=add_rule]").click()
    form.locator("#id_rules-1-operator").select_option("matches")
    form.locator("#id_rules-1-values_editor").fill("[")
    expect(form.locator("#id_rules-1-values_says .errors")).to_have_count(1)
    form.locator("[name=remove_rule]").first.click()
    expect(form.locator("[name=remove_rule]")).to_be_focused()
    expect(form.locator("#id_rules-0-values_says .errors")).to_have_count(1)
    assert values_of(form) == ["["]


def test_the_template_is_previewed_and_its_codes_are_buttons(form):
    preview = form.locator("#template-preview")
    form.locator("#id_tag_template").fill("v-%n")
    expect(preview).to_contain_text("v-3.0-stable")
    form.locator("#id_sample").fill("9.9")
    expect(preview).to_contain_text("v-9.9")
    form.locator("#id_tag_template").evaluate("field => field.setSelectionRange(1, 1)")
    form.get_by_role("button", name="Add %j").click()
    expect(form.locator("#id_tag_template")).to_have_value("v%j-%n")
    expect(preview).to_contain_text(re.compile(r"v\d{3}-9\.9"))
    form.locator("#id_tag_template").fill("%Q")
    says = form.locator("#id_tag_template_says")
    expect(says).to_contain_text('There is no code "%Q"')


def test_what_may_be_meant_is_offered(form):
    form.locator("#id_rules-0-field").select_option("component.name")
    form.locator("#id_rules-0-operator").select_option("oo")
    form.locator("#id_rules-0-values_editor").press_sequentially("ssl")
    offered = form.locator("#suggestions option[value=openssl]")
    expect(offered).to_have_count(1)
    form.locator("#id_target").press_sequentially("qa/w")
    expect(form.locator("#targets option")).to_have_count(1)


def test_the_replay_is_asked_for_and_grows_old(form):
    form.locator("#id_rules-0-values_editor").fill("-stable")
    form.locator("#id_target").fill("qa/website")
    form.get_by_role("button", name="Replay 30 days").click()
    expect(form.locator("#replay-status")).to_contain_text("would have been promoted")
    note = form.locator("#replay .stale-note")
    expect(note).to_be_hidden()
    form.locator("#id_rules-0-values_editor").fill("-lts")
    expect(note).to_be_visible()


def test_what_was_not_saved_is_named_and_nothing_is_lost(form):
    form.locator("#id_rules-0-values_editor").fill("-stable")
    form.locator("#id_tag_template").fill("%Q")
    form.get_by_role("button", name="Save & Apply").click()
    expect(form.locator("#mistakes")).to_be_focused()
    assert values_of(form) == ["-stable"]
    assert not barriers(form)
    form.locator("#mistakes").get_by_role("link", name="Target repository").click()
    expect(form.locator("#id_target")).to_be_focused()
    asked = []

    def stay(dialog):
        asked.append(dialog.type)
        dialog.dismiss()

    form.on("dialog", stay)
    form.get_by_role("link", name="Cancel").click()
    form.wait_for_timeout(0)
    assert asked == ["beforeunload"]
    expect(form.locator("#id_tag_template")).to_have_value("%Q")


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_a_policy_is_made_without_a_script(cast, page_as, live_server):
    make_tag(repository=cast.source, name="3.0-stable")
    page = page_as("dana")
    page.goto(live_server.url + NEW)
    page.get_by_label("Value").fill("(")
    page.get_by_label("Comparison").select_option("matches")
    page.get_by_role("button", name="Add a criterion").click()
    page.locator("#id_rules-1-operator").select_option("oo")
    page.locator("#id_rules-1-values").fill("3.0-stable\n4.0-stable")
    page.get_by_label("Target repository").fill("qa/website")
    page.get_by_role("button", name="Add %Y", exact=True).click()
    expect(page.get_by_label("Tag in the target", exact=True)).to_have_value("%n%Y")
    page.get_by_role("button", name="Try it out").click()
    expect(page.locator("#mistakes")).to_contain_text("RE2")
    page.get_by_role("button", name="Remove criterion 1").click()
    page.get_by_role("button", name="Try it out").click()
    expect(page.locator("#now-status")).to_contain_text("would be promoted")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(re.compile(r"/promotions/[0-9a-f-]{36}(#|$)"))
    assert saved().rules == [tag_rule("oo", "3.0-stable", "4.0-stable")]
    assert saved().tag_template == "%n%Y"


def test_the_same_form_answers_in_the_admin(cast, page_as, live_server):
    make_tag(repository=cast.source, name="3.0-stable")
    page = page_as("admin")
    page.goto(f"{live_server.url}/admin/promotions/promotionpolicy/add/")
    page.locator("#id_source_pattern").fill("dev/**")
    page.locator("#id_rules-0-values_editor").fill("-stable")
    page.get_by_role("button", name="{namespace}/{repository}").click()
    target = page.locator("#id_target")
    expect(target).to_have_value("{namespace}/{repository}")
    target.fill("qa/{repository}")
    expect(page.locator("#now-answer")).to_contain_text("qa/website:3.0-stable")
    assert not barriers(page)
