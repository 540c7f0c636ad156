"""An issuer of CI tokens on loopback, by HTTPS, that publishes what a test tells it."""

from __future__ import annotations

import json
import ssl
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from typing_extensions import override

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

PORTAL = "https://portal.example"
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@cache
def rsa_key(number: int = 0, bits: int = 2048) -> rsa.RSAPrivateKey:
    """Return one of a few keys, which are slow to make."""
    del number
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def ec_key(number: int = 0) -> ec.EllipticCurvePrivateKey:
    del number
    return ec.generate_private_key(ec.SECP256R1())


def jwk(key: Key, kid: str, **members: Any) -> dict[str, Any]:
    """Return the public half as an issuer publishes it."""
    public: Any = key.public_key()
    algorithm = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    return {**algorithm.to_jwk(public, as_dict=True), "kid": kid, **members}


@dataclass
class CIIssuer:
    """The issuer; `documents` replace what it answers at a path, `asked` are its paths.

    An answer that is a text is a redirect to there.
    """

    keys: list[dict[str, Any]] = field(default_factory=list)
    documents: dict[str, Any] = field(default_factory=dict)
    discovery: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def serve(self, folder: Path) -> CIIssuer:
        """Start; `folder` gets the certificate that vouches for it, `ca.pem`."""
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            @override
            def log_message(self, *args: Any) -> None:
                pass

            def do_GET(self) -> None:
                issuer.asked.append(self.path)
                issuer.answer(self)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(_certificate(folder))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()
        return self

    def __enter__(self) -> CIIssuer:
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
        said = self._said(handler.path)
        if isinstance(said, str):
            handler.send_response(302)
            handler.send_header("Location", said)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        handler.send_response(404 if said is None else 200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def _said(self, path: str) -> Any:
        if path in self.documents:
            return self.documents[path]
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.url,
                "jwks_uri": f"{self.url}/keys",
                **self.discovery,
            }
        return {"keys": self.keys} if path == "/keys" else None

    def claims(self, **values: Any) -> dict[str, Any]:
        """Return what a job of dev/website's main branch says; None leaves one out."""
        now = int(time.time())
        said = {
            "iss": self.url,
            "aud": PORTAL,
            "sub": "repo:acme/website:ref:refs/heads/main",
            "repository": "acme/website",
            "repository_id": "4711",
            "ref": "refs/heads/main",
            "iat": now,
            "nbf": now,
            "exp": now + 300,
            "jti": str(uuid4()),
        }
        said |= values
        return {name: value for name, value in said.items() if value is not None}

    def token(
        self,
        key: Any = None,
        algorithm: str = "RS256",
        headers: dict[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        """Sign a job's token, as RS256 unless something else is said."""
        key = key or (rsa_key() if algorithm == "RS256" else ec_key())
        kid = "rsa" if algorithm == "RS256" else "ec"
        said = {"kid": kid, **(headers or {})}
        given = {name: value for name, value in said.items() if value is not None}
        body = json.dumps(self.claims(**claims)).encode()
        return jwt.PyJWS().encode(body, key, algorithm, given)


def _certificate(folder: Path) -> Path:
    """Make a certificate that vouches for itself; return it with its key."""
    key = ec_key(99)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "issuer")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    (folder / "ca.pem").write_bytes(pem)
    both = folder / "both.pem"
    both.write_bytes(
        pem
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return both
