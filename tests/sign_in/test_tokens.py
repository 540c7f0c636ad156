"""Access tokens in the portal, and the profile."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from accounts.access import Actor
from accounts.authentication import BadCredentials, sign_in
from accounts.models import AccessToken, AuditEvent, User
from accounts.services import access_tokens
from tests.factories import make_organization, make_user
from tests.sign_in.browser import Browser

NEW = "/profile/tokens/new"


def wanted(**values):
    given = {"label": "CI", "scopes": ["pull", "api"], "namespace": "", "days": "30"}
    return {**given, "request_id": str(uuid4()), **values}


def test_a_token_is_made_and_its_secret_shown_once(dana, signed_in):
    made = signed_in.post(NEW, wanted(label="CI of <website>", namespace="dana"))
    secret = made.context["issued"].secret
    assert secret in made.text
    assert "CI of &lt;website&gt;" in made.text
    assert "docker login -u dana" in made.text
    assert f"{secret} " not in "".join(made.context["commands"])
    assert "no-store" in made.headers["Cache-Control"]
    actor: Any = sign_in("dana", secret)
    assert actor.token.scopes == ["api", "pull"]
    assert actor.namespace_limit == dana.namespace_id
    assert 29 <= (actor.token.expires_at - actor.token.created_at).days <= 30
    listed = signed_in.get("/profile/tokens").text
    assert "CI of &lt;website&gt;" in listed
    assert secret not in listed


def test_a_form_that_is_sent_twice_makes_one_token(signed_in):
    form = wanted()
    secret = signed_in.post(NEW, form).context["issued"].secret
    again = signed_in.post(NEW, form)
    assert "This access token was made already" in again.text
    assert secret not in again.text
    assert AccessToken.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"label": ""}, "This field is required."),
        ({"label": "x" * 101}, "at most 100 characters"),
        ({"scopes": []}, "Choose at least one use."),
        ({"scopes": ["everything"]}, "Select a valid choice"),
        ({"namespace": "quinn"}, "There is no namespace “quinn” that you can see."),
        ({"namespace": "nowhere"}, "There is no namespace “nowhere”"),
        ({"days": "36500"}, "Select a valid choice"),
        ({"request_id": "x"}, "Enter a valid UUID."),
    ],
)
def test_a_token_cannot_be_so(quinn, signed_in, values, said):
    response = signed_in.post(NEW, wanted(**values))
    assert said in response.text or said in str(response.context["form"].errors)
    assert not AccessToken.objects.exists()


def test_a_token_can_have_no_end(signed_in):
    signed_in.post(NEW, wanted(days=""))
    assert AccessToken.objects.get().expires_at is None


def test_a_token_is_revoked(dana, signed_in):
    issued = access_tokens.issue(actor=Actor(dana), user=dana, label="ci")
    page = f"/profile/tokens/{issued.row.uuid}/revoke"
    assert page in signed_in.get("/profile/tokens").text
    assert signed_in.post(page).url == "/profile/tokens"
    with pytest.raises(BadCredentials):
        sign_in("dana", issued.secret)
    listed = signed_in.get("/profile/tokens").text
    assert "revoked" in listed
    assert page not in listed


def test_tokens_of_others_are_neither_seen_nor_revoked(quinn, signed_in):
    issued = access_tokens.issue(actor=Actor(quinn), user=quinn, label="secret plan")
    assert "secret plan" not in signed_in.get("/profile/tokens").text
    page = f"/profile/tokens/{issued.row.uuid}/revoke"
    assert signed_in.post(page).status_code == 404
    assert AccessToken.objects.get().is_active


def test_many_tokens_are_paged(dana, signed_in, django_assert_max_num_queries):
    for number in range(60):
        access_tokens.issue(actor=Actor(dana), user=dana, label=f"token {number}")
    seen, after = [], ""
    while True:
        with django_assert_max_num_queries(12):
            page = signed_in.get("/profile/tokens", {"after": after}).context["page"]
        seen += [token.label for token in page.rows]
        after = page.following
        if not after:
            break
    assert sorted(seen) == sorted(f"token {number}" for number in range(60))


# --- the profile --------------------------------------------------------------------


def test_the_profile_says_where_one_belongs(dana, quinn, signed_in):
    assert "You are in no organization" in signed_in.get("/profile").text
    make_organization(name="dev", owner=dana)
    make_organization(name="qa", owner=quinn)
    shown = signed_in.get("/profile").text
    assert "/organizations/dev" in shown
    assert "owner" in shown
    assert "/organizations/qa" not in shown


def test_the_profile_is_changed_with_an_audit_entry(dana, signed_in):
    data = {"full_name": "Dana <b>Jones</b>", "email": "dana@example.com"}
    assert signed_in.post("/profile", data).url == "/profile"
    dana.refresh_from_db()
    assert (dana.get_full_name(), dana.email) == (data["full_name"], data["email"])
    assert "Dana &lt;b&gt;Jones&lt;/b&gt;" in signed_in.get("/profile").text
    entry = AuditEvent.objects.get(action="update")
    assert entry.after == data


@pytest.mark.parametrize(
    "data",
    [
        {"full_name": "x" * 151},
        {"email": "not an address"},
        {"full_name": "a\0b"},
    ],
)
def test_the_profile_cannot_be_so(dana, signed_in, data):
    assert signed_in.post("/profile", data).status_code == 200
    dana.refresh_from_db()
    assert (dana.first_name, dana.email) == ("", "")


def test_nobody_makes_themselves_staff_by_the_profile(dana, signed_in):
    data = {"full_name": "D", "email": "", "is_staff": "1", "username": "root"}
    signed_in.post("/profile", {**data, "is_superuser": "1"})
    dana.refresh_from_db()
    assert (dana.username, dana.is_staff, dana.is_superuser) == ("dana", False, False)


def test_people_without_a_namespace_have_pages_too(db):
    robot = User.objects.create_user("robot")
    browser = Browser()
    browser.force_login(robot)
    for page in ("/profile", "/profile/security", "/profile/tokens"):
        assert browser.get(page).status_code == 200


# --- the administration -------------------------------------------------------------


def test_the_administration_is_entered_by_the_portals_page(db):
    make_user(name="root", is_superuser=True)
    browser = Browser()
    first = browser.get("/admin/accounts/user/")
    second = browser.get(first.url)
    assert second.url == "/login?next=/admin/accounts/user/"
    assert browser.sign_in("root", next="/admin/accounts/user/").status_code == 302
    assert browser.get("/admin/accounts/user/").status_code == 200
    assert browser.get("/admin/login/?next=https://evil.example/").url == "/admin/"
    assert browser.get("/admin/password_change/").url == "/profile/security/password"
    assert browser.post("/admin/logout/").url == "/login"
    assert not browser.is_signed_in


def test_who_is_not_staff_is_told_so_and_not_led_in_circles(signed_in):
    response = signed_in.get("/admin/", follow=True)
    assert response.status_code == 403
    assert "The administration is for staff only." in response.text


def test_the_administration_shows_nothing_of_allauth(db):
    root = make_user(name="root", is_superuser=True)
    browser = Browser()
    browser.force_login(root)
    listed = browser.get("/admin/").text
    for name in ("mfa", "socialaccount", "usersessions", "/account/"):
        assert name not in listed
        assert browser.get(f"/admin/{name.strip('/')}/").status_code == 404


def test_an_administrator_helps_who_lost_a_phone(dana, signed_in):
    signed_in.set_up_app()
    root = make_user(name="root", is_superuser=True)
    browser = Browser()
    browser.force_login(root)
    browser.confirm()
    chosen = {"_selected_action": dana.pk}
    browser.post(
        "/admin/accounts/user/",
        {"action": "remove_factors", "confirmed": "yes", **chosen},
    )
    assert Browser().sign_in("dana").url == "/"
    browser.post(
        "/admin/accounts/user/",
        {"action": "end_sessions", "confirmed": "yes", **chosen},
    )
    assert not signed_in.is_signed_in
    actions = AuditEvent.objects.filter(actor="root").values_list("action", flat=True)
    assert {"remove sign-in factors", "end sessions"} <= set(actions)
