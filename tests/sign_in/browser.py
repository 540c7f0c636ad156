"""A browser, and the phone beside it."""

from __future__ import annotations

import base64
import hmac
import struct
import time
from typing import Any

from django.test import Client
from typing_extensions import override

from tests.factories import PASSWORD


class Browser(Client):
    """A browser on http://localhost, the one plain address that passkeys work on."""

    def __init__(self, ip: str = "192.0.2.1", **values: Any) -> None:
        super().__init__(SERVER_NAME="localhost", REMOTE_ADDR=ip, **values)

    @override
    def get(self, *args: Any, **kwargs: Any) -> Any:
        return super().get(*args, **kwargs)

    @override
    def post(self, *args: Any, **kwargs: Any) -> Any:
        return super().post(*args, **kwargs)

    def sign_in(self, name: str, password: str = PASSWORD, **more: str) -> Any:
        data = {"username": name, "password": password, **more}
        return self.post("/login", data)

    def confirm(self, password: str = PASSWORD) -> Any:
        return self.post("/login/confirm", {"password": password})

    @property
    def is_signed_in(self) -> bool:
        return bool(self.get("/profile").status_code == 200)

    def set_up_app(self) -> str:
        """Set an authenticator app up; return its secret."""
        secret: str = self.get("/profile/security/app").context["form"].secret
        done = self.post("/profile/security/app", {"code": code(secret)})
        assert done.url == "/profile/security/codes"
        return secret


def code(secret: str, steps: int = 0) -> str:
    """Return what an app shows (RFC 6238), `steps` half minutes from now."""
    moment = struct.pack(">Q", int(time.time()) // 30 + steps)
    digest = hmac.digest(base64.b32decode(secret), moment, "sha1")
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"
