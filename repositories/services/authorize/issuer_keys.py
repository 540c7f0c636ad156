"""The keys of an issuer: from its own host, and not asked for more often than needed.

OpenID Connect Discovery 1.0, sections 4 and 4.3; keys are RFC 7517's. They are kept in
the issuer's row, so all processes share them and the bound on asking.
"""

from __future__ import annotations

import json
from datetime import timedelta
from time import sleep
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from django.db.models import F, Q
from django.utils import timezone
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from accounts.models import TrustedIssuer
from repositories.outbound import Call, OutboundError
from repositories.services import outbound

if TYPE_CHECKING:
    from accounts.models import TrustedIssuer as Issuer

log = structlog.get_logger()

PURPOSE = "issuer"
KEPT = timedelta(hours=1)  # a key that the issuer withdrew is good no longer than that
ASKED_AGAIN = timedelta(seconds=30)  # whatever is sent to us, the issuer has its peace
MAX_BYTES, SECONDS = 256 * 1024, 5.0
ON_ITS_WAY = timedelta(seconds=2 * SECONDS)  # two documents at most
MAX_KEYS = 100
PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6, 2.0)  # seconds, while another process asks
# What a key must have to be one of the algorithm; both are over SHA-256.
FITTING = {"RS256": {"kty": "RSA"}, "ES256": {"kty": "EC", "crv": "P-256"}}
MEMBERS = ("alg", "crv", "e", "kid", "kty", "n", "use", "x", "y")
MIN_RSA_BITS = 2048


class NoKey(Exception):
    """The issuer has no such key, or could not be asked; the text is for the log."""


def key_of(issuer: Issuer, algorithm: str, kid: str) -> PyJWK:
    """Return the issuer's key of that id, for that algorithm alone; raises NoKey."""
    found = _find(issuer, algorithm, kid) if _is_fresh(issuer) else None
    if found is None:
        _refresh(issuer)
        found = _find(issuer, algorithm, kid) if _is_fresh(issuer) else None
    if found is None:
        raise NoKey("The issuer publishes no key of that id for that algorithm.")
    return found


def _is_fresh(issuer: Issuer) -> bool:
    fetched = issuer.keys_fetched_at
    return fetched is not None and timezone.now() - fetched < KEPT


def _find(issuer: Issuer, algorithm: str, kid: str) -> PyJWK | None:
    wanted = {"kid": kid, **FITTING[algorithm]}
    for key in issuer.keys:
        if any(key.get(name) != value for name, value in wanted.items()):
            continue
        if key.get("use", "sig") != "sig" or key.get("alg", algorithm) != algorithm:
            continue
        return _read(key, algorithm)
    return None


def _read(key: dict[str, Any], algorithm: str) -> PyJWK:
    try:
        read = PyJWK.from_dict(key, algorithm=algorithm)
    except (PyJWTError, ValueError, TypeError) as error:
        raise NoKey("The issuer's key cannot be read.") from error
    if isinstance(read.key, RSAPublicKey) and read.key.key_size < MIN_RSA_BITS:
        raise NoKey("The issuer's key is too short.")
    return read


def _refresh(issuer: Issuer) -> None:
    """Ask the issuer, or wait for who is asking; updates the row and `issuer`."""
    if _claim(issuer):
        _fetch(issuer)
    else:
        _wait(issuer)
    issuer.refresh_from_db(fields=["keys", "keys_asked_at", "keys_fetched_at"])


def _fetch(issuer: Issuer) -> None:
    rows = TrustedIssuer.objects.filter(pk=issuer.pk)
    try:
        keys = _fetched(issuer.url)
    except NoKey:
        # Nobody is to wait for what will not come.
        rows.update(keys_asked_at=timezone.now() - ON_ITS_WAY)
        raise
    rows.update(keys=keys, keys_fetched_at=timezone.now())
    log.info("issuer_keys_fetched", issuer=issuer.url, keys=len(keys))


def _claim(issuer: Issuer) -> bool:
    """Tell whether this process may ask now; no other may for a while."""
    now = timezone.now()
    long_ago = Q(keys_asked_at__isnull=True) | Q(keys_asked_at__lt=now - ASKED_AGAIN)
    rows = TrustedIssuer.objects.filter(long_ago, pk=issuer.pk)
    return bool(rows.update(keys_asked_at=now))


def _wait(issuer: Issuer) -> None:
    """Wait for an answer that is on its way, as long as it may take."""
    started = Q(keys_asked_at__gt=timezone.now() - ON_ITS_WAY)
    open_ = Q(keys_fetched_at__isnull=True) | Q(keys_fetched_at__lt=F("keys_asked_at"))
    for pause in PAUSES:
        rows = TrustedIssuer.objects.filter(started, open_, pk=issuer.pk)
        if not rows.exists():
            return
        sleep(pause)


def _fetched(url: str) -> list[dict[str, Any]]:
    said = _get(f"{url.rstrip('/')}/.well-known/openid-configuration")
    if said.get("issuer") != url:
        raise NoKey("The discovery document is about another issuer.")
    place = said.get("jwks_uri")
    if not isinstance(place, str) or not _is_at_home(place, url):
        raise NoKey("The keys are not on the issuer's own host.")
    keys = _get(place).get("keys")
    if not isinstance(keys, list) or len(keys) > MAX_KEYS:
        raise NoKey("The issuer publishes no list of keys, or too many.")
    return [_kept(key) for key in keys if isinstance(key, dict)]


def _kept(key: dict[str, Any]) -> dict[str, str]:
    """Return what is used of a key, as every database takes it."""
    texts = {name: key[name] for name in MEMBERS if isinstance(key.get(name), str)}
    return {name: text for name, text in texts.items() if text.isprintable()}


def _is_at_home(place: str, url: str) -> bool:
    try:
        there, home = urlsplit(place), urlsplit(url)
    except ValueError:
        return False
    return (there.scheme, there.netloc) == (home.scheme, home.netloc)


def _get(url: str) -> dict[str, Any]:
    """Fetch a JSON object; whatever else comes, a redirect too, raises NoKey."""
    call = Call(PURPOSE, "GET", url, max_bytes=MAX_BYTES, seconds=SECONDS)
    try:
        answer = outbound.client().send(call)
        said = json.loads(answer.body)
    except OutboundError as error:
        raise NoKey(f"The issuer could not be asked. {error}") from error
    except (ValueError, RecursionError) as error:
        raise NoKey("The issuer's answer is no JSON.") from error
    if answer.status != 200 or not isinstance(said, dict):  # noqa: PLR2004 - HTTP
        raise NoKey(f"The issuer answered {answer.status}, or no object.")
    return said
