"""Rows of every model for the admin's tests."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from accounts.access import SYSTEM, AccessLevel, Actor, TokenScope
from accounts.models import Horizon, UsedAssertion
from accounts.services import (
    access_tokens,
    ci_trusts,
    grants,
    organizations,
    robots,
    teams,
    trusted_issuers,
    users,
)
from promotions.models import (
    Decision,
    Evaluation,
    Import,
    ImportedObject,
    NamespaceAdmission,
    PolicyVersion,
    Promotion,
    PromotionPolicy,
    Watch,
)
from promotions.services import policies
from repositories.models import (
    Advisory,
    AdvisoryLoad,
    AdvisoryPackage,
    Component,
    Finding,
    IndexChild,
    LayerInventory,
    License,
    Manifest,
    ManifestLayer,
    PackageNews,
    Provenance,
    RegistryEvent,
    RegistryJob,
    Repository,
    RepositoryManifest,
    Scan,
    ScanComponent,
    Scanner,
    Tag,
    TagMove,
    Vulnerability,
    VulnerabilityAlias,
    VulnerabilityException,
)
from repositories.registry import Digest
from repositories.services import attachments, repositories, signatures, signing_keys
from tests import signing
from tests.factories import make_delivery

if TYPE_CHECKING:
    from accounts.models import Organization, Team, User

PASSWORD = "correct horse battery staple"
RAW = b"the bytes of a manifest"
SCANNER_SECRET = "what only the scanner may know"
POISON_BODY = b"the bytes of a body that nobody could read"


def make_admin(name: str = "admin") -> User:
    return users.create(
        actor=SYSTEM, username=name, password=PASSWORD, is_superuser=True
    )


def make_user(name: str) -> User:
    return users.create(actor=SYSTEM, username=name, password=PASSWORD)


def make_organization(name: str, owner: User) -> Organization:
    return organizations.create(actor=SYSTEM, name=name, primary_owner=owner)


def make_team(name: str, organization: Organization) -> Team:
    return teams.create(actor=SYSTEM, organization=organization, name=name)


def make_repository(organization: Organization, name: str) -> Repository:
    return repositories.create(
        actor=SYSTEM, namespace=organization.namespace, name=name
    )


def make_policy(
    author: User, source: Repository, target: Repository
) -> PromotionPolicy:
    draft = policies.Draft(source=source, target=target.full_name, tag_template="%n-%Y")
    return policies.create(actor=Actor(author), draft=draft)


def make_event(event_id: str, state: str = "poison", **values: Any) -> RegistryEvent:
    values.setdefault("payload", {"digest": "", "raw": {"html": "<b>bold</b>"}})
    return RegistryEvent.objects.create(
        event_id=event_id,
        action="push",
        repository="acme/web",
        tag="1",
        state=state,
        error="The event lacks what every event has.",
        finished_at=timezone.now(),
        **values,
    )


def make_poisoned_body(mark: str) -> RegistryEvent:
    return make_event(mark, payload={}, body_head=POISON_BODY, body_sha256="0" * 64)


def make_tag(repository: Repository, name: str) -> Tag:
    digest = hashlib.sha256(f"{repository}:{name}".encode()).hexdigest()
    manifest = Manifest.objects.create(
        digest=f"sha256:{digest}",
        media_type="application/vnd.oci.image.manifest.v1+json",
        raw=RAW,
        size=len(RAW),
    )
    RepositoryManifest.objects.create(repository=repository, manifest=manifest)
    move = TagMove.objects.create(
        repository=repository, tag=name, to_manifest=manifest, moved_at=timezone.now()
    )
    return Tag.objects.create(
        repository=repository,
        name=name,
        manifest=manifest,
        current_move=move,
        updated_at=timezone.now(),
    )


def make_promotion(policy: PromotionPolicy, tag: Tag) -> Promotion:
    version = policy.current_version
    assert isinstance(version, PolicyVersion)
    evaluation = Evaluation.objects.create(
        tag_move=tag.current_move, evidence_version="0", policy_versions=[version.pk]
    )
    decision = Decision.objects.create(
        evaluation=evaluation,
        policy_version=version,
        tag_move=tag.current_move,
        evidence_version="0",
        verdict="matched",
        outcomes=[{"sentence": "the tag ends with <stable>"}],
    )
    assert version.target_namespace is not None
    promotion = Promotion.objects.create(
        policy=policy,
        policy_version=version,
        decision=decision,
        idempotency_key=f"{policy.pk}:{tag.pk}",
        source_repository=tag.repository,
        source_tag=tag.name,
        tag_move=tag.current_move,
        root_move=tag.current_move,
        manifest=tag.manifest,
        target_namespace=version.target_namespace,
        target_name=version.target_name,
    )
    Provenance.objects.create(
        promotion_uuid=promotion.uuid,
        source_repository=tag.repository.full_name,
        source_tag=tag.name,
    )
    Watch.objects.create(
        promotion=promotion,
        failing_since=timezone.now(),
        outcomes=[{"sentence": "critical vulnerabilities: 1 (CVE-<1>), wanted ≤ 0"}],
    )
    return promotion


def make_tenant(name: str) -> None:
    """Make at least one row of every model but Registry, which there is one of."""
    owner = make_user(f"{name}-owner")
    organization = make_organization(name, owner)
    team = make_team("developers", organization)
    teams.add_member(actor=SYSTEM, team=team, user=make_user(f"{name}-member"))
    source = make_repository(organization, "web")
    target = make_repository(organization, "production/web")
    for grantee in (owner, team):
        for on in (organization.namespace, source):
            grants.grant(actor=SYSTEM, level=AccessLevel.ADMIN, to=grantee, on=on)
    access_tokens.issue(actor=SYSTEM, user=owner, label="ci")
    make_event(f"{name}-event")
    make_poisoned_body(f"{name}-body")
    Horizon.objects.create(table_name=f"{name}_history", before=timezone.now())
    RegistryJob.objects.create(action="reconcile", state="running", requested_by=owner)
    policy, tag = make_policy(owner, source, target), make_tag(source, "1.0-stable")
    make_promotion(policy, tag)
    NamespaceAdmission.objects.create(policy=policy, namespace=source.namespace)
    make_scan(name, tag, owner)
    make_advisory(name)
    make_signature(name, tag, organization, owner)
    make_import(name, owner)
    make_delivery(author=owner, scope=source)
    make_robot(name, organization, owner)


def make_robot(mark: str, organization: Organization, owner: User) -> None:
    """A robot, the issuer that its trust is on, and a token of it that was used."""
    now = timezone.now()
    robot = robots.create(
        actor=Actor(owner),
        namespace=organization.namespace,
        name="ci",
        expires_at=now + timedelta(days=30),
    )
    issuer = trusted_issuers.create(
        actor=SYSTEM, url=f"https://{mark}.example.com", immutable_claims=[]
    )
    wanted = ci_trusts.WantedTrust(issuer.url, {"ref": "main"}, [TokenScope.PULL])
    ci_trusts.create(actor=Actor(owner), robot=robot, wanted=wanted)
    UsedAssertion.objects.create(issuer=issuer, jti_hash="a" * 64, expires_at=now)


def make_signature(
    mark: str, tag: Tag, organization: Organization, owner: User
) -> None:
    """A key of the namespace, and a signature by it that policies were not told of."""
    private = signing.new_key()
    signing_keys.create(
        actor=Actor(owner),
        namespace=organization.namespace,
        name=f"{mark}-release",
        public_key=signing.pem_of(private),
    )
    made = signing.sign(private, tag.manifest.digest)
    holder = make_tag(tag.repository, f"{mark}-signature").manifest
    found = signatures.Found(
        Digest.parse(tag.manifest.digest), made.payload, made.signature
    )
    signatures.keep(manifest=holder, found=[found])
    attachments.note_change(repository=tag.repository, digest=tag.manifest.digest)


def make_import(mark: str, owner: User) -> None:
    """A registry of which one policy was not understood."""
    source = Import.objects.create(
        source_url=f"https://{mark}.example.com", started_by=owner
    )
    ImportedObject.objects.create(
        source=source,
        kind=ImportedObject.Kind.POLICY,
        key=f"{mark}-policy",
        name=f"{mark}/a → {mark}/b",
        state=ImportedObject.State.REFUSED,
        reason="Rule 1: <unknown>",
        original={"rules": [{"field": "<unknown>"}]},
    )


def make_advisory(mark: str) -> None:
    """An advisory about one package, and what is noted when it is loaded."""
    now = timezone.now()
    package = {"ecosystem": "PyPI", "package": mark}
    advisory = Advisory.objects.create(
        identifier=f"PYSEC-{mark}", source="pypa", modified_at=now
    )
    AdvisoryPackage.objects.create(advisory=advisory, **package)
    PackageNews.objects.create(changed_at=now, **package)
    AdvisoryLoad.objects.create(
        source=mark, ecosystem="PyPI", records=1, loaded_at=now, changed_at=now
    )


def make_scan(mark: str, tag: Tag, author: User) -> None:
    """A scan with one finding, which is hidden, of an image below an index."""
    index = make_tag(tag.repository, f"{mark}-index").manifest
    IndexChild.objects.create(index=index, child=tag.manifest)
    scan = Scan.objects.create(
        manifest=tag.manifest, origin="built-in", trusted_repository=tag.repository
    )
    component = Component.objects.create(purl=f"pkg:deb/{mark}/zlib", name="zlib")
    found = ScanComponent.objects.create(scan=scan, component=component)
    found.licenses.add(License.objects.create(name=f"{mark}-license"))
    vulnerability = Vulnerability.objects.create(identifier=f"CVE-{mark}")
    Finding.objects.create(scan=scan, component=component, vulnerability=vulnerability)
    VulnerabilityAlias.objects.create(vulnerability=vulnerability, alias=f"GHSA-{mark}")
    layer = {"digest": f"sha256:{mark}", "size": 1}
    ManifestLayer.objects.create(manifest=index, position=0, **layer)
    LayerInventory.objects.create(digest=f"sha256:{mark}", version=1, contents=RAW)
    Scanner.objects.create(
        name=f"{mark}-scanner",
        url="https://scanner.example.com",
        authentication=Scanner.Authentication.BEARER,
        secret=SCANNER_SECRET,
        namespace=tag.repository.namespace,
    )
    VulnerabilityException.objects.create(
        vulnerability=vulnerability.identifier,
        repository=tag.repository,
        reason="not reachable",
        author=author,
    )
