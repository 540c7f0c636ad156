"""Reading another registry: whole, and without harm where it lies or breaks."""

from __future__ import annotations

import json

import pytest

from promotions.services.importing import Connection, ImportFailed, Source, read
from promotions.services.importing import connection as connections
from promotions.services.importing import source as sources
from promotions.services.importing.kinds import Policy
from tests.api.swagger import assert_is
from tests.importing.fake_msr import POLICIES, SECRET, USER, FakeMSR, policy

ACCOUNTS = "/enzi/v0/accounts"
REPOSITORIES = "/api/v0/repositories"


def test_everything_is_read_over_all_pages(msr: FakeMSR, source: Source) -> None:
    found = read(source)

    assert [one.account.name for one in found.organizations] == ["dev", "qa"]
    dev = found.organizations[0]
    assert [one.name for one in dev.members] == ["dana", "olga", "idle"]
    assert [one.is_admin for one in dev.members] == [False, True, False]
    assert {one.team.name for one in dev.teams} == {"writers", "readers"}
    names = [one.repository.full_name for one in found.repositories]
    assert names == ["dev/website", "dev/app", "qa/website", "qa/app", "paul/tool"]
    assert found.repositories[1].repository.long_description == "# App"
    assert [one.id for one in found.policies] == [one["id"] for one in POLICIES]
    assert found.policies[0].original == POLICIES[0]
    assert len(found.hidden) == 2
    assert not found.complaints
    assert any("pageStart=2" in path for path in msr.asked)


def test_the_fake_answers_as_the_reference_has_it(msr: FakeMSR) -> None:
    assert_is("responses.Repositories", {"repositories": msr.repositories})
    assert_is("responses.PromotionPolicy", POLICIES[0])
    assert_is("responses.Webhook", msr.webhooks[0])
    assert_is("responses.LayerVulnOverride", msr.overrides[0])
    assert_is("responses.Account", msr.accounts[0])


def test_some_namespaces_only(msr: FakeMSR, source: Source) -> None:
    found = read(source, namespaces=["qa"])
    assert [one.account.name for one in found.organizations] == ["qa"]
    assert {one.repository.namespace for one in found.repositories} == {"qa"}
    assert not found.policies
    assert not found.webhooks


def test_the_secret_goes_to_the_host_alone(msr: FakeMSR, source: Source) -> None:
    """A redirect is not followed, and an error does not repeat the secret."""
    elsewhere = "http://127.0.0.1:1/"
    msr.instead[ACCOUNTS] = lambda handler: handler.reply(302, Location=elsewhere)
    with pytest.raises(ImportFailed, match="answers 302"):
        source.accounts()
    assert SECRET not in repr(source)
    assert SECRET not in repr(source.connection)


@pytest.mark.parametrize(
    "url",
    [
        "http://msr.example.com",
        "https://admin:secret@msr.example.com",
        "https://msr.example.com?x=1",
        "ftp://msr.example.com",
        "https://",
        "https://msr.example.com:port",
    ],
)
def test_addresses_that_would_give_the_secret_away_are_refused(url: str) -> None:
    with pytest.raises(ImportFailed):
        Connection.to(url, username=USER, secret=SECRET)


def test_a_private_address_is_refused_with_what_to_set(msr, source, settings) -> None:
    settings.OUTBOUND_ALLOW = []
    port = msr.server.server_port
    with pytest.raises(ImportFailed, match=f"import=127.0.0.1:{port}"):
        source.accounts()
    assert not msr.asked


def test_a_wrong_secret_is_said(msr: FakeMSR) -> None:
    wrong = Connection.to(msr.url, username=USER, secret="no", insecure_http=True)
    with pytest.raises(ImportFailed, match="401: the name and the secret"):
        Source(wrong).accounts()


def test_a_host_that_is_no_msr_is_said(msr: FakeMSR, source: Source) -> None:
    """404 is an empty list where a list is optional, and an error where it is not."""
    msr.instead[REPOSITORIES] = lambda handler: handler.reply(404)
    msr.instead["/api/v0/webhooks"] = lambda handler: handler.reply(404)
    assert source.webhooks() == []
    with pytest.raises(ImportFailed, match=r"repositories.* is not there"):
        source.repositories()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html>Sign in</html>", "no JSON"),
        (b"[" * 200_000, "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"NaN", "no JSON"),
        (b'{"accounts": [{"name": "a", "x": 1e999}]}', "no JSON"),
        (b'{"accounts": %s1%s}' % (b"[" * 40, b"]" * 40), "nested too deep"),
        (b'{"accounts": "many"}', "“accounts” is no list"),
        (b'"accounts"', "no list"),
        (b"17", "no list"),
    ],
)
def test_nonsense_is_named_with_its_address(msr, source, body, said) -> None:
    msr.instead[ACCOUNTS] = lambda handler: handler.reply(200, body)
    with pytest.raises(ImportFailed) as raised:
        source.accounts()
    assert f"{msr.url}{ACCOUNTS}" in str(raised.value)
    assert said in str(raised.value)


def test_a_huge_answer_is_not_read(msr, source, monkeypatch) -> None:
    monkeypatch.setattr(connections, "MAX_BYTES", 1024 * 1024)
    msr.instead[ACCOUNTS] = lambda handler: handler.reply(200, b" " * 50_000_000)
    with pytest.raises(ImportFailed, match="larger than allowed"):
        source.accounts()


@pytest.mark.parametrize("following", ["0", "again"])
def test_pages_in_a_circle_end(msr: FakeMSR, source: Source, following: str) -> None:
    body = json.dumps({"accounts": [{"name": "dev", "isOrg": True}]}).encode()
    msr.instead[ACCOUNTS] = lambda handler: handler.reply(
        200, body, X_Next_Page_Start=following
    )
    with pytest.raises(ImportFailed, match="again and again"):
        source.accounts()
    assert len(msr.asked) == 2


def test_endless_pages_end(msr: FakeMSR, source: Source, monkeypatch) -> None:
    monkeypatch.setattr(sources, "MAX_ROWS", 5)
    body = json.dumps({"accounts": [{"name": "dev"}] * 2}).encode()
    msr.instead[ACCOUNTS] = lambda handler: handler.reply(
        200, body, X_Next_Page_Start=str(len(msr.asked))
    )
    with pytest.raises(ImportFailed, match="more than 5 entries"):
        source.accounts()


def test_answers_that_are_too_large_together_end(msr, source, monkeypatch) -> None:
    monkeypatch.setattr(sources, "MAX_TOTAL", 2000)
    with pytest.raises(ImportFailed, match="some namespaces at a time"):
        read(source)
    assert source.read_bytes < 4000


def test_an_entry_that_is_wrong_leaves_the_others(msr, source) -> None:
    msr.accounts = [
        {"name": "dev", "isOrg": True, "futureField": {"a": [1]}},
        {"name": 7},
        {"isOrg": True},
        "qa",
        {"name": "qa", "isOrg": "yes"},
        {"name": "plain"},
    ]
    assert [one.name for one in source.accounts()] == ["dev", "plain"]
    reasons = [one.reason for one in source.complaints]
    assert len(reasons) == 4
    assert "“name” of an entry is not a text" in reasons[0]
    assert all(msr.url in reason for reason in reasons)


def test_what_no_database_stores_is_taken_out(msr: FakeMSR, source: Source) -> None:
    msr.policies = [policy("p\0", "dev/app", "qa/app", odd={"\ud800k": ["\0"]})]
    (found,) = source.policies("dev", "app")
    assert found.id == "p"
    assert found.original["odd"] == {"k": [""]}


def test_an_answer_about_another_repository_is_refused(msr, source) -> None:
    other = json.dumps(msr.repositories[2]).encode()
    path = f"{REPOSITORIES}/dev/website"
    msr.instead[path] = lambda handler: handler.reply(200, other)
    with pytest.raises(ImportFailed, match="answers another one"):
        read(source)


def test_names_that_lead_elsewhere_are_never_asked_for(msr, source) -> None:
    msr.repositories[0]["namespace"] = ".."
    msr.repositories[1]["name"] = "a/../../x"
    read(source)
    assert not [path for path in msr.asked if ".." in path]


def test_what_passes_is_asked_again(msr: FakeMSR, source, monkeypatch) -> None:
    monkeypatch.setattr(connections, "PAUSES", (0.0,))
    body = json.dumps({"accounts": []}).encode()
    msr.instead[ACCOUNTS] = lambda handler: (
        handler.reply(503, Retry_After="0")
        if len(msr.asked) == 1
        else handler.reply(200, body)
    )
    assert source.accounts() == []
    msr.instead[ACCOUNTS] = lambda handler: handler.reply(429)
    with pytest.raises(ImportFailed, match="try again later"):
        source.accounts()


def test_a_policy_is_kept_whatever_it_says(msr: FakeMSR, source: Source) -> None:
    msr.policies = [policy("p", "dev/app", "qa/app", rules={"or": []}, enabled="?")]
    (found,) = source.policies("dev", "app")
    assert found == Policy("p", msr.policies[0])
