"""What: the registry's repositories, manifests, tags and notifications, and access."""

from __future__ import annotations

from repositories.models.access import RepositoryGroupGrant, RepositoryUserGrant
from repositories.models.advisory import (
    Advisory,
    AdvisoryLoad,
    AdvisoryPackage,
    PackageNews,
)
from repositories.models.attachment import AttachmentNotice
from repositories.models.component import Component, License, ScanComponent
from repositories.models.delivery import DeliveryState, WebhookDelivery
from repositories.models.event import RegistryEvent
from repositories.models.exception import VulnerabilityException
from repositories.models.layer import LayerInventory, ManifestLayer
from repositories.models.manifest import IndexChild, Manifest, RepositoryManifest
from repositories.models.registry import Registry
from repositories.models.registry_job import RegistryJob
from repositories.models.repository import Repository
from repositories.models.scan import Scan
from repositories.models.scanner import Scanner
from repositories.models.signing_key import ImageSignature, SigningKey
from repositories.models.tag import Provenance, Tag, TagMove
from repositories.models.vulnerability import Finding, Vulnerability, VulnerabilityAlias
from repositories.models.webhook import NEVER_SENT, EventType, Webhook

__all__ = [
    "NEVER_SENT",
    "Advisory",
    "AdvisoryLoad",
    "AdvisoryPackage",
    "AttachmentNotice",
    "Component",
    "DeliveryState",
    "EventType",
    "Finding",
    "ImageSignature",
    "IndexChild",
    "LayerInventory",
    "License",
    "Manifest",
    "ManifestLayer",
    "PackageNews",
    "Provenance",
    "Registry",
    "RegistryEvent",
    "RegistryJob",
    "Repository",
    "RepositoryGroupGrant",
    "RepositoryManifest",
    "RepositoryUserGrant",
    "Scan",
    "ScanComponent",
    "Scanner",
    "SigningKey",
    "Tag",
    "TagMove",
    "Vulnerability",
    "VulnerabilityAlias",
    "VulnerabilityException",
    "Webhook",
    "WebhookDelivery",
]
