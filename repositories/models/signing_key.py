"""Public keys by name, and the signatures that were found attached to images."""

from __future__ import annotations

from functools import cached_property

from django.db import models
from django.db.models import Q
from typing_extensions import override

from accounts.models import Namespace, PublicModel, User
from accounts.validators import MAX_NAME_LENGTH, NAME_PATTERN, validate_name
from repositories.models.manifest import Manifest
from repositories.querysets import ImageSignatureQuerySet, SigningKeyQuerySet
from repositories.registry import simple_signing
from repositories.validators import validate_public_key


class SigningKey(PublicModel):
    """A public key by which rules recognise signatures.

    Rules call it `namespace/name`, or `name` where it is the whole registry's. A name
    means the same key for ever: neither is changed, and a retired key keeps its name.
    """

    namespace = models.ForeignKey(
        Namespace,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="signing_keys",
        help_text="Whose admins keep the key; empty means the whole registry's.",
    )
    name = models.CharField(
        max_length=MAX_NAME_LENGTH,
        validators=(validate_name,),
        help_text="Lower-case letters and digits; dots, underscores, dashes between.",
    )
    public_key = models.TextField(
        max_length=simple_signing.MAX_KEY_LENGTH,
        validators=(validate_public_key,),
        help_text="In PEM, as in cosign.pub: ECDSA P-256 or P-384, RSA or Ed25519.",
    )
    created_by = models.ForeignKey(
        User, on_delete=models.PROTECT, editable=False, related_name="+"
    )
    retired_at = models.DateTimeField(null=True, editable=False)
    noticed_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When decisions were asked again after it was made or retired.",
    )

    objects = SigningKeyQuerySet.as_manager()

    class Meta(PublicModel.Meta):
        indexes = (
            *PublicModel.Meta.indexes,
            models.Index(
                fields=("id",),
                condition=Q(noticed_at__isnull=True),
                name="signing_key_to_notice",
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("namespace", "name"), name="one_signing_key_per_name"
            ),
            models.UniqueConstraint(
                fields=("name",),
                condition=Q(namespace__isnull=True),
                name="one_signing_key_of_the_registry_per_name",
            ),
            models.CheckConstraint(
                condition=Q(name__regex=NAME_PATTERN),
                name="signing_key_name_is_a_path_component",
            ),
            models.CheckConstraint(
                condition=~Q(public_key=""), name="signing_key_has_a_public_key"
            ),
        )

    @override
    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """What rules call the key."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the key in DER, by which people compare keys."""
        return simple_signing.fingerprint(self._key)

    def signed(self, signature: ImageSignature) -> bool:
        """Tell whether the signature is this key's, over its very payload."""
        return simple_signing.is_signed_by(
            self._key, bytes(signature.payload), bytes(signature.signature)
        )

    @cached_property
    def _key(self) -> simple_signing.PublicKey:
        return simple_signing.read_public_key(self.public_key)


class ImageSignature(PublicModel):
    """A signature that a manifest carries, as it was found: by whom is not known.

    The same for everybody who holds the manifest; whether a repository does is
    RepositoryManifest's to say.
    """

    manifest = models.ForeignKey(
        Manifest, on_delete=models.CASCADE, related_name="signatures"
    )
    subject_digest = models.CharField(
        max_length=140, db_index=True, help_text="What the payload says is signed."
    )
    payload = models.BinaryField()
    payload_sha256 = models.CharField(max_length=64)
    signature = models.BinaryField()
    signature_sha256 = models.CharField(max_length=64)

    objects = ImageSignatureQuerySet.as_manager()

    class Meta(PublicModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("manifest", "payload_sha256", "signature_sha256"),
                name="one_row_per_image_signature",
            ),
        )

    @override
    def __str__(self) -> str:
        return f"signature of {self.subject_digest}"
