"""An OpenID Connect provider on loopback, which says what a test tells it to."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import jwt
from typing_extensions import override

if TYPE_CHECKING:
    from types import TracebackType

CLIENT = "portal"
KEY = "a key that nobody checks: the token comes straight from the provider"


@dataclass
class Issuer:
    """The provider; `claims` is who signs in there, `answers` what else it says."""

    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] | None = None
    discovery: dict[str, Any] = field(default_factory=dict)
    broken: int = 0  # the status it answers everything with
    asked: list[str] = field(default_factory=list)

    def __enter__(self) -> Issuer:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            @override
            def log_message(self, *args: Any) -> None:
                pass

            def do_GET(self) -> None:
                issuer.answer(self)

            def do_POST(self) -> None:
                issuer.answer(self)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        path = urlsplit(handler.path).path
        self.asked.append(path)
        length = int(handler.headers.get("Content-Length") or 0)
        handler.rfile.read(length)
        body = json.dumps(self._said(path)).encode()
        handler.send_response(self.broken or 200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def _said(self, path: str) -> dict[str, Any]:
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "userinfo_endpoint": f"{self.url}/userinfo",
                "jwks_uri": f"{self.url}/keys",
                **self.discovery,
            }
        if path == "/token":
            return {"access_token": "a", "token_type": "Bearer", **self._id_token()}
        return self.userinfo if self.userinfo is not None else self.claims

    def _id_token(self) -> dict[str, str]:
        basics = {"iss": self.url, "aud": CLIENT, "exp": time.time() + 60}
        claims = {**basics, "iat": time.time(), **self.claims}
        if not claims.get("sub"):
            return {}
        return {"id_token": jwt.encode(claims, KEY)}
