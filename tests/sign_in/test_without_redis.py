"""Signing in while Redis is away."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from redis.exceptions import ConnectionError as NoConnection

from tests.sign_in.browser import Browser, code


@pytest.fixture
def _no_redis(settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "msr.cache.SignInCache",
            "LOCATION": "unix:///nowhere/redis.sock",
        }
    }


@pytest.mark.usefixtures("_no_redis")
def test_people_sign_in_without_redis(dana):
    browser = Browser()
    assert "password is wrong" in browser.sign_in("dana", "wrong").text
    browser.sign_in("dana")
    assert browser.confirm().status_code == 302
    secret = browser.set_up_app()
    other = Browser()
    other.sign_in("dana")
    other.post("/login/second-step", {"code": code(secret, steps=1)})
    assert other.is_signed_in


@pytest.mark.usefixtures("_no_redis")
def test_whatever_else_needs_the_cache_fails(db):
    for ask in (cache.get, cache.delete):
        with pytest.raises(NoConnection):
            ask("readyz")
    for keep in (cache.add, cache.set):
        with pytest.raises(NoConnection):
            keep("readyz", 1)
