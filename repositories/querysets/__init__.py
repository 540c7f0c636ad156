"""Reads: which content somebody may see, and which work is open."""

from __future__ import annotations

from repositories.querysets.advisories import AdvisoryLoadQuerySet, ListingQuerySet
from repositories.querysets.content import (
    ManifestQuerySet,
    RepositoryQuerySet,
    TagMoveQuerySet,
    TagQuerySet,
)
from repositories.querysets.inbox import AttachmentNoticeQuerySet, RegistryEventQuerySet
from repositories.querysets.scans import (
    ScannerQuerySet,
    ScanQuerySet,
    VulnerabilityAliasQuerySet,
    VulnerabilityExceptionQuerySet,
)
from repositories.querysets.signing_keys import (
    ImageSignatureQuerySet,
    SigningKeyQuerySet,
)
from repositories.querysets.webhooks import (
    IllegalDelivery,
    WebhookDeliveryQuerySet,
    WebhookQuerySet,
)

__all__ = [
    "AdvisoryLoadQuerySet",
    "AttachmentNoticeQuerySet",
    "IllegalDelivery",
    "ImageSignatureQuerySet",
    "ListingQuerySet",
    "ManifestQuerySet",
    "RegistryEventQuerySet",
    "RepositoryQuerySet",
    "ScanQuerySet",
    "ScannerQuerySet",
    "SigningKeyQuerySet",
    "TagMoveQuerySet",
    "TagQuerySet",
    "VulnerabilityAliasQuerySet",
    "VulnerabilityExceptionQuerySet",
    "WebhookDeliveryQuerySet",
    "WebhookQuerySet",
]
