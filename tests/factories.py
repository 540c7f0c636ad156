"""Objects for tests, made by the services as the portal itself would make them.

Every factory takes keywords only and fills in what the test does not care about.
"""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from accounts.access import SYSTEM, AccessLevel, Actor
from accounts.models import Namespace, Organization, Team, User
from accounts.services import grants, organizations, users
from promotions.services import policies
from repositories.models import (
    Component,
    EventType,
    Finding,
    IndexChild,
    License,
    Manifest,
    ManifestLayer,
    Repository,
    Scan,
    ScanComponent,
    SigningKey,
    Tag,
    Vulnerability,
    Webhook,
    WebhookDelivery,
)
from repositories.registry import Digest, MediaType
from repositories.registry.simple_signing import signed_digest
from repositories.scanning import severity
from repositories.services import (
    attachments,
    manifests,
    repositories,
    signatures,
    signing_keys,
    tags,
)
from repositories.signals import scan_completed
from tests import signing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from promotions.models import PromotionPolicy

PASSWORD = "correct horse battery"
WEBHOOK_SECRET = "only-the-receiver-knows"
_numbers = count(1)


def make_user(*, name: str = "", **values: Any) -> User:
    """A person whose password is PASSWORD; `is_superuser` makes an administrator."""
    username = name or f"user{next(_numbers)}"
    return users.create(actor=SYSTEM, username=username, password=PASSWORD, **values)


def make_organization(
    *, name: str = "", owner: User | None = None, members: tuple[User, ...] = ()
) -> Organization:
    organization = organizations.create(
        actor=SYSTEM,
        name=name or f"organization{next(_numbers)}",
        primary_owner=owner or make_user(),
    )
    for member in members:
        organizations.set_member(actor=SYSTEM, organization=organization, user=member)
    return organization


def make_repository(*, name: str = "", **values: Any) -> Repository:
    """A repository by its full name; a namespace that is missing is an organization."""
    namespace_name, _, rest = (name or f"dev/repository{next(_numbers)}").partition("/")
    namespace = Namespace.objects.filter(name=namespace_name).first()
    if namespace is None:
        namespace = make_organization(name=namespace_name).namespace
    return repositories.create(actor=SYSTEM, namespace=namespace, name=rest, **values)


def grant(*, to: Team | User, on: Namespace | Repository, level: AccessLevel) -> None:
    grants.grant(actor=SYSTEM, to=to, on=on, level=level)


def make_manifest(*, repository: Repository, content: str = "") -> Manifest:
    """An image of linux/amd64 with one layer; the same content is the same digest."""
    body: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": MediaType.OCI_MANIFEST,
        "config": _descriptor(MediaType.OCI_CONFIG, "config", 1_500),
        "layers": [_descriptor(MediaType.OCI_LAYER_GZIP, "layer", 3_200_000)],
        "annotations": {"content": content or str(next(_numbers))},
    }
    row = _store(
        body,
        os="linux",
        architecture="amd64",
        size=3_202_000,
        config_digest=body["config"]["digest"],
        config_media_type=MediaType.OCI_CONFIG,
    )
    layer = body["layers"][0]
    ManifestLayer.objects.get_or_create(
        manifest=row,
        position=0,
        defaults={
            "digest": layer["digest"],
            "size": layer["size"],
            "media_type": layer["mediaType"],
        },
    )
    manifests.hold(repository=repository, manifests=[row.pk])
    return row


def make_index(*, repository: Repository, platforms: tuple[str, ...]) -> Manifest:
    """An index with one image for each platform, such as ``linux/arm64``."""
    children = []
    for platform in platforms:
        os, _, architecture = platform.partition("/")
        child = make_manifest(repository=repository)
        descriptor = {
            "mediaType": child.media_type,
            "digest": child.digest,
            "size": len(child.raw),
            "platform": {"os": os, "architecture": architecture},
        }
        children.append(descriptor)
    body = {
        "schemaVersion": 2,
        "mediaType": MediaType.OCI_INDEX,
        "manifests": children,
    }
    row = _store(body, size=6_404_000)
    for number, descriptor in enumerate(children):
        below = Manifest.objects.get(digest=str(descriptor["digest"]))
        below.os, _, below.architecture = platforms[number].partition("/")
        below.save()
        if below.os == "unknown":
            below.layers.update(media_type="application/vnd.in-toto+json")
        IndexChild.objects.get_or_create(index=row, child=below)
    manifests.hold(repository=repository, manifests=[row.pk])
    return row


def make_tag(
    *,
    repository: Repository,
    name: str = "1.0",
    manifest: Manifest | None = None,
    pushed_by: str = "",
) -> Tag:
    """Push: the tag points to the manifest (a new one), as after its notification."""
    seen = tags.Sighting(
        tag=name,
        moved_at=timezone.now(),
        moved_by=pushed_by,
        expected_version=tags.version_of(repository, name),
    )
    manifest = manifest or make_manifest(repository=repository)
    tags.record_move(repository=repository, manifest=manifest, seen=seen)
    return Tag.objects.for_listing().get(repository=repository, name=name)


def make_scan(
    *,
    manifest: Manifest,
    components: dict[str, str] | None = None,
    vulnerabilities: Mapping[str, float | None] | None = None,
    places: Mapping[str, tuple[str, str]] | None = None,
    **values: Any,
) -> Scan:
    """A scan that saw everything: names with licenses, ids with CVSS 3 scores.

    The vulnerabilities are in the component `openssl`; `places` are layer and path.
    """
    values.setdefault("origin", "built-in")
    values.setdefault("source", "built-in scanner")
    values.setdefault("finished_at", timezone.now())
    values.setdefault(
        "coverage", {"components": {}, "licenses": {}, "vulnerabilities": {}}
    )
    values.setdefault("is_current", True)
    found_scores = dict(vulnerabilities or {})
    scan = Scan.objects.create(
        manifest=manifest,
        state=Scan.State.COMPLETED,
        **_counted(found_scores),
        **values,
    )
    for name, license_name in (components or {"openssl": "Apache-2.0"}).items():
        layer, path = (places or {}).get(name, ("", ""))
        found = ScanComponent.objects.create(
            scan=scan, component=_component(name), layer_digest=layer, path=path
        )
        if license_name:
            found.licenses.add(License.objects.get_or_create(name=license_name)[0])
    for identifier, score in found_scores.items():
        Finding.objects.create(
            scan=scan,
            component=_component("openssl"),
            vulnerability=Vulnerability.objects.get_or_create(identifier=identifier)[0],
            cvss3_score=score,
            fixed_version="3.0.2",
            layer_digest=(places or {}).get("openssl", ("", ""))[0],
        )
    scan_completed.send(sender=Scan, manifest_id=manifest.pk)
    return scan


def _counted(scores: dict[str, float | None]) -> dict[str, int]:
    found = [severity.bucket("", score, None) for score in scores.values()]
    counted = severity.tally(found)
    return {
        "critical_count": counted.critical,
        "major_count": counted.major,
        "minor_count": counted.minor,
        "vulnerability_count": counted.all,
    }


def _component(name: str) -> Component:
    purl = f"pkg:deb/debian/{name}@3.0.1"
    values = {"name": name, "version": "3.0.1"}
    return Component.objects.get_or_create(purl=purl, defaults=values)[0]


def make_policy(
    *,
    source: Repository,
    target: Repository,
    rules: list[dict[str, Any]] | None = None,
    tag_template: str = "%n",
    enabled: bool = True,
    **values: Any,
) -> PromotionPolicy:
    """A policy; without rules every tag matches."""
    draft = policies.Draft(
        source=source,
        target=target.full_name,
        rules=rules or [],
        tag_template=tag_template,
        **values,
    )
    return policies.create(actor=SYSTEM, draft=draft, enabled=enabled)


def tag_rule(operator: str, *values: str) -> dict[str, Any]:
    """A rule on the tag in MSR's form."""
    return {"field": "tag", "operator": operator, "values": list(values)}


def make_delivery(
    *, author: User, scope: Repository | Namespace | None, **values: Any
) -> WebhookDelivery:
    """Something that a webhook of a scope, or with None of all, was sent."""
    webhook = Webhook.objects.create(
        author=author,
        repository=scope if isinstance(scope, Repository) else None,
        namespace=scope if isinstance(scope, Namespace) else None,
        type=EventType.TAG_PUSH,
        endpoint="https://receiver.example.com/hook",
        secret=WEBHOOK_SECRET,
    )
    payload = {
        "type": "TAG_PUSH",
        "createdAt": "2026-11-25T12:00:00Z",
        "contents": {"namespace": "dev", "repository": "website", "tag": "1.0"},
        "location": "/repositories/dev/website/tags/1.0",
    }
    values.setdefault("state", "delivered")
    values.setdefault("finished_at", timezone.now())
    values.setdefault("sent_at", timezone.now())
    values.setdefault("status", 200)
    values.setdefault("milliseconds", 42)
    values.setdefault("attempts", 1)
    values.setdefault("request_body", json.dumps(payload))
    values.setdefault("response_body", "thank you")
    return WebhookDelivery.objects.create(
        webhook=webhook, type=EventType.TAG_PUSH, payload=payload, **values
    )


def make_signing_key(*, reference: str, private: signing.PrivateKey) -> SigningKey:
    """A key that rules call so, by its public half."""
    name, _, end = reference.partition("/")
    namespace = Namespace.objects.get(name=name) if end else None
    return signing_keys.create(
        actor=Actor(make_user(is_superuser=True)),
        namespace=namespace,
        name=end or name,
        public_key=signing.pem_of(private),
    )


def make_signature(
    *,
    repository: Repository,
    image: Manifest,
    by: signing.PrivateKey,
    way: str = "subject",
) -> Manifest:
    """Sign an image, as after the notification of what cosign pushed."""
    made = signing.sign(by, image.digest)
    return make_attachment(repository=repository, image=image, made=made, way=way)


def make_attachment(
    *,
    repository: Repository,
    image: Manifest,
    made: signing.Signature,
    way: str = "subject",
) -> Manifest:
    """Attach a signature to an image, by its subject or under cosign's tag."""
    subject = {"mediaType": image.media_type, "digest": image.digest, "size": 1}
    fields = {"subject": subject} if way == "subject" else {}
    body = signing.manifest_of(made, **fields)
    attached = image.digest if fields else ""
    row = _store(body, size=1000, subject_digest=attached)
    found = signatures.Found(signed_digest(made.payload), made.payload, made.signature)
    with transaction.atomic():
        signatures.keep(manifest=row, found=[found])
        manifests.hold(repository=repository, manifests=[row.pk])
        if attached:
            attachments.note_change(repository=repository, digest=attached)
    if not attached:
        name = signing.tag_of(image.digest)
        make_tag(repository=repository, name=name, manifest=row)
    return row


def _descriptor(media_type: MediaType, content: str, size: int) -> dict[str, Any]:
    digest = str(Digest.of(content.encode()))
    return {"mediaType": media_type, "digest": digest, "size": size}


def _store(body: dict[str, Any], **values: Any) -> Manifest:
    raw = json.dumps(body).encode()
    defaults = {"media_type": body["mediaType"], "raw": raw, **values}
    row, _ = Manifest.objects.get_or_create(
        digest=str(Digest.of(raw)), defaults=defaults
    )
    return row
