"""Register scanners, change and check them: the registry's, and namespaces' own."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.access import Action
from accounts.permissions import require, require_administrator
from accounts.services import audit
from repositories.models import Scanner
from repositories.outbound import OutboundError
from repositories.scanning.adapter import IMAGE_TYPES, AdapterFailed
from repositories.services import outbound
from repositories.services.image_config import short_text
from repositories.services.scans.adapter import adapter_of, purpose_of
from repositories.validators import validate_certificate

if TYPE_CHECKING:
    from accounts.access import Actor
    from accounts.models import Namespace

MAX_OWN = 10  # scanners of one namespace: each of them scans each of its images
RESERVED = frozenset({"built-in", "trivy", "upload"})  # other origins of results
SHOWN = (
    "url",
    "authentication",
    "username",
    "ca_certificate",
    "is_enabled",
    "position",
)
_SECRET = re.compile(r"[ -~]*")  # what a header can carry


@dataclass(frozen=True, slots=True)
class Draft:
    """What people say of an adapter; an empty secret keeps the one there is."""

    url: str
    authentication: str = Scanner.Authentication.NONE
    username: str = ""
    secret: str = field(default="", repr=False)
    ca_certificate: str = ""
    is_enabled: bool = True
    position: int = 100


def create(
    *, actor: Actor, namespace: Namespace | None, name: str, draft: Draft
) -> Scanner:
    """Register an adapter for a namespace's repositories, or without one for all.

    Needs admin on the namespace, else an administrator. A namespace's own is called
    `namespace.name`, so that no tenant takes a name from another. Raises
    ValidationError.
    """
    _require(actor, namespace)
    scanner = Scanner(name=_full_name(namespace, name), namespace=namespace)
    _fill(actor, scanner, draft)
    try:
        with transaction.atomic():
            scanner.save()
            _record(actor, "create", scanner, {}, _shown(scanner))
    except IntegrityError as error:
        message = f"A scanner “{scanner.name}” exists already; choose another name."
        raise ValidationError({"name": message}, code="scanner_exists") from error
    return scanner


def edit(*, actor: Actor, scanner: Scanner, draft: Draft) -> Scanner:
    """Change an adapter; its name stays, since results and policies name it.

    Needs the same rights as to register it. Raises ValidationError.
    """
    _require(actor, scanner.namespace)
    row = Scanner.objects.select_related("namespace").get(pk=scanner.pk)
    if row.kind != Scanner.Kind.ADAPTER:
        message = f"Of “{row}” only its place and whether it is used can be changed."
        raise ValidationError(message)
    before, former_secret = _shown(row), row.secret
    _refuse_to_send_secret_elsewhere(row, draft)
    _fill(actor, row, draft)
    row.checked_at, row.check_error = None, ""
    after = _shown(row)
    if row.secret != former_secret:
        before["secret"], after["secret"] = "former", "new"  # both are masked
    with transaction.atomic():
        row.save()
        _record(actor, "update", row, before, after)
    return row


def arrange(
    *, actor: Actor, scanner: Scanner, is_enabled: bool, position: int
) -> Scanner:
    """Switch a scanner of any kind on or off, and say where it stands.

    Needs the same rights as to register it.
    """
    _require(actor, scanner.namespace)
    row = Scanner.objects.select_related("namespace").get(pk=scanner.pk)
    before = _shown(row)
    row.is_enabled, row.position = is_enabled, position
    _validate(row)
    with transaction.atomic():
        row.save(update_fields=["is_enabled", "position"])
        _record(actor, "update", row, before, _shown(row))
    return row


def check(*, actor: Actor, scanner: Scanner) -> Scanner:
    """Ask an adapter who it is; return the row that keeps the answer.

    `check_error` is empty where all is well. Needs the same rights as to register it.
    No transaction may be open: an adapter takes its time.
    """
    _require(actor, scanner.namespace)
    if scanner.kind != Scanner.Kind.ADAPTER:
        message = f"“{scanner}” is no adapter that could be asked."
        raise ValidationError(message)
    metadata, error = _asked(scanner)
    found = {"metadata": metadata} if metadata else {}
    rows = Scanner.objects.filter(pk=scanner.pk)
    values = {"check_error": short_text(error, 500), **found}
    with transaction.atomic():
        rows.update(checked_at=timezone.now(), **values)
        _record(actor, "check", scanner, {}, {"error": error})
    return rows.select_related("namespace").get()


def described(scanner: Scanner) -> str:
    """Return what it last said of itself, for people: name, vendor, capabilities."""
    known = scanner.metadata
    name = " ".join(filter(None, (known.get("name"), known.get("version"))))
    vendor = f" by {known['vendor']}" if known.get("vendor") else ""
    types = sorted({str(one.get("type")) for one in known.get("capabilities", ())})
    return f"{name or 'a scanner without a name'}{vendor}: {', '.join(types)}"


def _asked(scanner: Scanner) -> tuple[dict[str, Any], str]:
    """Return what the adapter said, and a sentence if that is not good enough.

    Why an address cannot be reached, only administrators' own scanners tell: nobody
    else shall explore the network by it.
    """
    try:
        metadata = adapter_of(scanner).metadata()
    except AdapterFailed as error:
        return {}, f"The scanner “{scanner}” {error}."
    except OutboundError as error:
        return {}, error.detail if scanner.namespace_id is None else str(error)
    if not any(metadata.kinds_for(media_type) for media_type in IMAGE_TYPES):
        return metadata.as_json(), "It makes no reports of images that are read here."
    return metadata.as_json(), ""


def _require(actor: Actor, namespace: Namespace | None) -> None:
    if namespace is None:
        require_administrator(actor)
    else:
        require(actor, Action.ADMIN, namespace)


def _full_name(namespace: Namespace | None, name: str) -> str:
    if namespace is None:
        if name in RESERVED:
            message = f"“{name}” stands for other results; choose another name."
            raise ValidationError({"name": message}, code="reserved_name")
        return name
    if Scanner.objects.filter(namespace=namespace).count() >= MAX_OWN:
        message = f"A namespace has at most {MAX_OWN} scanners of its own."
        raise ValidationError(message, code="too_many_scanners")
    own = name.removeprefix(f"{namespace.name}.")
    if "." in own:
        message = "The name of a namespace's own scanner has no dot."
        raise ValidationError({"name": message}, code="invalid_name")
    return f"{namespace.name}.{own}"


def _fill(actor: Actor, scanner: Scanner, draft: Draft) -> None:
    """Set what the draft says; raises ValidationError before anything is saved."""
    scanner.url = draft.url.strip().rstrip("/")
    scanner.authentication = draft.authentication
    scanner.username = draft.username
    scanner.ca_certificate = draft.ca_certificate.strip()
    scanner.is_enabled, scanner.position = draft.is_enabled, draft.position
    scanner.secret = draft.secret or scanner.secret
    if draft.authentication == Scanner.Authentication.NONE:
        scanner.username = scanner.secret = ""
    if draft.authentication == Scanner.Authentication.BEARER:
        scanner.username = ""
    _validate(scanner)
    _validate_credentials(scanner)
    _validate_certificate(scanner.ca_certificate)
    _validate_address(actor, scanner)


def _validate(scanner: Scanner) -> None:
    scanner.full_clean(
        exclude=["namespace"], validate_unique=False, validate_constraints=False
    )


def _validate_credentials(scanner: Scanner) -> None:
    if scanner.authentication == Scanner.Authentication.NONE:
        return
    if not scanner.secret:
        message = "This way of authentication needs a password or a token."
        raise ValidationError({"secret": message})
    if not _SECRET.fullmatch(scanner.secret):
        message = "A password or token is one line of ASCII characters."
        raise ValidationError({"secret": message})
    is_basic = scanner.authentication == Scanner.Authentication.BASIC
    if is_basic and (not scanner.username or ":" in scanner.username):
        message = "Basic authentication needs a user name without a colon."
        raise ValidationError({"username": message})


def _validate_certificate(pem: str) -> None:
    try:
        validate_certificate(pem)
    except ValidationError as error:
        raise ValidationError({"ca_certificate": error.messages}) from error


def _validate_address(actor: Actor, scanner: Scanner) -> None:
    """Refuse an address that would not be called; it is checked again at each call."""
    if set("?#") & set(scanner.url):
        message = "The address of an adapter has no question mark and no number sign."
        raise ValidationError({"url": message})
    try:
        outbound.client().check(purpose_of(scanner), scanner.url)
    except OutboundError as error:
        told = error.detail if actor.is_administrator else str(error)
        raise ValidationError({"url": told}, code="address_refused") from error


def _refuse_to_send_secret_elsewhere(scanner: Scanner, draft: Draft) -> None:
    """Whoever changes the address must know the secret that is sent there."""
    keeps = draft.authentication != Scanner.Authentication.NONE and not draft.secret
    if keeps and scanner.secret and _origin(draft.url) != _origin(scanner.url):
        message = "Enter it again: it would be sent to another address than before."
        raise ValidationError({"secret": message}, code="secret_needed")


def _origin(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return "", ""
    return parts.scheme.lower(), parts.netloc.lower()


def _shown(scanner: Scanner) -> dict[str, Any]:
    return {name: getattr(scanner, name) for name in SHOWN}


def _record(
    actor: Actor,
    action: str,
    scanner: Scanner,
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    audit.record(
        actor=actor,
        action=action,
        subject=scanner,
        namespace=scanner.namespace,
        before={key: value for key, value in before.items() if value != after[key]},
        after={key: value for key, value in after.items() if value != before.get(key)},
    )
