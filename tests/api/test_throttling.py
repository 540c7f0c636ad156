"""One client's flood ends in 429s of its own, and in nobody else's."""

from __future__ import annotations

import logging
import time

import pytest
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from redis.exceptions import ConnectionError as NoConnection

from msr import env, throttling

READ = "/api/v0/repositories"
WRITE = "/api/v0/repositories/dev/website"
SEARCH = "/api/v0/imagescan/scansummary/cve/CVE-2021-1"


@pytest.fixture(autouse=True)
def _counted_anew(settings, monkeypatch):
    """Windows so long that none ends during a test, and no earlier counts."""
    cache.clear()
    monkeypatch.setattr(throttling.CacheAway, "until", float("-inf"))
    settings.API_RATE = (5, 10**6)
    settings.API_RATE_ANONYMOUS = (5, 10**6)
    settings.API_RATE_WRITES = (2, 10**6)
    settings.API_RATE_COSTLY = (2, 10**6)
    yield
    cache.clear()


def flood(client, path: str = READ, times: int = 10, **headers: str) -> list[int]:
    return [client.get(path, **headers).status_code for _ in range(times)]


def test_a_flood_of_one_tenant_is_refused_and_another_is_answered(world):
    assert flood(world.client("olga")) == [200] * 5 + [429] * 5
    assert flood(world.client("quentin"), times=5) == [200] * 5


def test_the_refusal_says_how_long_to_wait_in_the_body_of_msr(world):
    client = world.client("olga")
    flood(client, times=5)
    answer = client.get(READ)
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 10**6
    (error,) = answer.json()["errors"]
    assert (error["code"], error["detail"]) == ("TOO_MANY_REQUESTS", None)
    assert "Retry-After" in error["message"]


def test_tokens_of_one_person_are_counted_together(world, settings):
    settings.API_RATE = (3, 10**6)
    first, second = world.client("olga"), world.client("olga")
    assert flood(first, times=2) + flood(second, times=2) == [200, 200, 200, 429]


def test_who_is_not_signed_in_is_counted_by_address(world):
    nobody = world.client()
    assert flood(nobody) == [401] * 5 + [429] * 5
    assert nobody.get(READ, REMOTE_ADDR="192.0.2.7").status_code == 401
    assert world.client("olga").get(READ).status_code == 200


def test_wrong_credentials_are_counted_by_address(world):
    wrong = world.client("olga", "msr_" + "0" * 12 + "_" + "x" * 43)
    assert flood(wrong) == [401] * 5 + [429] * 5
    assert world.client("olga").get(READ).status_code == 200


def test_an_address_that_a_client_makes_up_is_not_believed(world):
    nobody = world.client()
    for number in range(5):
        nobody.get(READ, HTTP_X_FORWARDED_FOR=f"192.0.2.{number}")
    assert nobody.get(READ, HTTP_X_FORWARDED_FOR="192.0.2.99").status_code == 429


def test_behind_a_proxy_its_last_entry_is_the_client(world, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    nobody = world.client()
    for number in range(5):
        nobody.get(READ, HTTP_X_FORWARDED_FOR=f"10.0.0.{number}, 192.0.2.1")
    one_more = nobody.get(READ, HTTP_X_FORWARDED_FOR="10.9.9.9, 192.0.2.1")
    assert one_more.status_code == 429
    other = nobody.get(READ, HTTP_X_FORWARDED_FOR="10.9.9.9, 192.0.2.2")
    assert other.status_code == 401


def test_a_network_of_ipv6_is_one_client(world):
    nobody = world.client()
    for number in range(5):
        nobody.get(READ, REMOTE_ADDR=f"2001:db8:0:1::{number}")
    assert nobody.get(READ, REMOTE_ADDR="2001:db8:0:1:ff::9").status_code == 429
    assert nobody.get(READ, REMOTE_ADDR="2001:db8:0:2::9").status_code == 401


def test_clients_of_ipv4_on_a_socket_of_both_families_are_several(world):
    nobody = world.client()
    for _ in range(6):
        nobody.get(READ, REMOTE_ADDR="::ffff:192.0.2.1")
    assert nobody.get(READ, REMOTE_ADDR="::ffff:192.0.2.1").status_code == 429
    assert nobody.get(READ, REMOTE_ADDR="192.0.2.1").status_code == 429
    assert nobody.get(READ, REMOTE_ADDR="::ffff:192.0.2.2").status_code == 401


@pytest.mark.parametrize("address", ["", "nonsense"])
def test_a_client_without_an_address_is_counted_too(world, address):
    assert flood(world.client(), times=6, REMOTE_ADDR=address) == [401] * 5 + [429]


def test_writes_are_counted_apart(world):
    client = world.client("olga")
    body = {"shortDescription": "x"}
    codes = [client.patch(WRITE, body).status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    assert client.get(READ).status_code == 200


def test_what_takes_long_is_counted_apart(world):
    client = world.client("olga")
    assert flood(client, SEARCH, times=3) == [200, 200, 429]
    assert client.get(READ).status_code == 200


def test_no_limit_is_none(world, settings):
    settings.API_RATE = None
    assert flood(world.client("olga")) == [200] * 10


def test_a_window_ends(world, monkeypatch):
    client = world.client("olga")
    assert flood(client)[-1] == 429
    later = time.time() + 10**6
    monkeypatch.setattr("msr.throttling.time.time", lambda: later)
    assert client.get(READ).status_code == 200


def test_without_the_cache_nobody_is_kept_waiting_and_it_is_told_once(
    world, monkeypatch, caplog
):
    asked = []

    def away(key):
        asked.append(key)
        raise NoConnection

    monkeypatch.setattr(cache, "incr", away)
    with caplog.at_level(logging.WARNING):
        assert flood(world.client("olga")) == [200] * 10
    told = [one for one in caplog.records if "requests_not_counted" in str(one.msg)]
    assert len(told) == len(asked) == 1


def test_two_first_requests_at_once_are_two(world, monkeypatch):
    """The other added the counter between our looking and our adding."""
    add = cache.add

    def was_quicker(key, *values, **named):
        added = add(key, *values, **named)
        return added and not key.startswith("api-rate:")

    monkeypatch.setattr(cache, "add", was_quicker)
    assert flood(world.client("olga"), times=5) == [200] * 4 + [429]


@pytest.mark.parametrize("value", ["", "fast", "10", "0/m", "-1/m", "10/d", "x/m"])
def test_rates_that_are_none_are_refused(monkeypatch, value):
    monkeypatch.setenv("MSR_A_RATE", value)
    with pytest.raises(ImproperlyConfigured, match="MSR_A_RATE"):
        env.rate("A_RATE", "1/s")


def test_zero_is_no_limit(monkeypatch):
    monkeypatch.setenv("MSR_A_RATE", "0")
    assert env.rate("A_RATE", "1/s") is None
