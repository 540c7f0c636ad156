"""Read the token of a CI job: signed by its issuer, for this portal, just now.

Nothing that the token says of its own key is used: the issuer is one that is allowed,
and the key is one that it publishes itself.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jwt
from django.conf import settings
from jwt.exceptions import PyJWTError

from repositories.services.authorize.issuer_keys import FITTING, NoKey, key_of

if TYPE_CHECKING:
    from datetime import datetime

    from accounts.models import TrustedIssuer

MAX_LENGTH = 16 * 1024  # characters of a token
MAX_AGE = 600  # seconds since it was issued
CLOCK_SKEW = 5  # seconds that the issuer's clock may be ahead of ours
# Ways to bring one's own key along (RFC 7515, section 4.1), and to change the rules.
FORBIDDEN = ("crit", "jku", "jwk", "x5c", "x5u")


class NotAccepted(Exception):
    """The token is not accepted; the text is for the log, not for who sent it."""


@dataclass(frozen=True, slots=True)
class Unverified:
    """What a token claims before anybody checked it: good to look up, no more."""

    text: str
    algorithm: str
    kid: str
    issuer: str


@dataclass(frozen=True, slots=True)
class Assertion:
    """The claims of a token whose signature, audience and times are right."""

    claims: dict[str, Any]
    jti_hash: str


def read(text: str) -> Unverified:
    """Read who a token says that it is from; raises NotAccepted."""
    if len(text) > MAX_LENGTH:
        raise NotAccepted("The token is too long.")
    try:
        header = jwt.get_unverified_header(text)
        claims = jwt.decode(text, options={"verify_signature": False})
    except (PyJWTError, ValueError, RecursionError) as error:
        raise NotAccepted("The token is no JWT.") from error
    algorithm, kid, issuer = header.get("alg"), header.get("kid"), claims.get("iss")
    if algorithm not in FITTING:
        raise NotAccepted("The token's algorithm is neither RS256 nor ES256.")
    if brought := [name for name in FORBIDDEN if name in header]:
        raise NotAccepted(f"The token's header has {brought[0]}.")
    if not isinstance(kid, str) or not isinstance(issuer, str):
        raise NotAccepted("The token names no key or no issuer.")
    return Unverified(text, str(algorithm), kid, issuer)


def verified(token: Unverified, issuer: TrustedIssuer, now: datetime) -> Assertion:
    """Return what the token says, if it is the issuer's and good now.

    Raises NotAccepted.
    """
    try:
        key = key_of(issuer, token.algorithm, token.kid)
    except NoKey as error:
        raise NotAccepted(str(error)) from error
    try:
        claims = jwt.decode(token.text, key, [token.algorithm], options=_SIGNATURE_ONLY)
    except (PyJWTError, ValueError, RecursionError) as error:
        raise NotAccepted("The token's signature is wrong.") from error
    _check_whom(claims, issuer)
    _check_times(claims, now.timestamp())
    return Assertion(claims, _jti_hash(claims))


# All else is checked here, more strictly than the library does.
_SIGNATURE_ONLY: Any = {
    "verify_signature": True,
    **dict.fromkeys(
        (
            f"verify_{name}"
            for name in ("aud", "exp", "iat", "iss", "jti", "nbf", "sub")
        ),
        False,
    ),
}


def _check_whom(claims: dict[str, Any], issuer: TrustedIssuer) -> None:
    if claims.get("iss") != issuer.url:
        raise NotAccepted("The token is of another issuer.")
    if claims.get("aud") not in (settings.PUBLIC_URL, [settings.PUBLIC_URL]):
        raise NotAccepted("The token's audience is not this portal alone.")


def _check_times(claims: dict[str, Any], now: float) -> None:
    issued, expires = _time(claims, "iat"), _time(claims, "exp")
    if issued > now + CLOCK_SKEW:
        raise NotAccepted("The token is from the future.")
    if issued < now - MAX_AGE:
        raise NotAccepted("The token was issued too long ago.")
    if expires <= now:
        raise NotAccepted("The token has expired.")
    if "nbf" in claims and _time(claims, "nbf") > now + CLOCK_SKEW:
        raise NotAccepted("The token is not valid yet.")


def _time(claims: dict[str, Any], name: str) -> float:
    """Return a NumericDate (RFC 7519, section 2); raises NotAccepted."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotAccepted(f"The token has no {name}, or none that is a number.")
    if not 0 <= value < 2**40:  # nor is NaN
        raise NotAccepted(f"The token's {name} is no time.")
    return float(value)


def _jti_hash(claims: dict[str, Any]) -> str:
    jti = claims.get("jti")
    if not isinstance(jti, str) or not jti:
        raise NotAccepted("The token has no jti, so it could be used again.")
    return hashlib.sha256(jti.encode(errors="surrogatepass")).hexdigest()
