"""Repositories, policies and hidden vulnerabilities."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from promotions.models import PromotionPolicy
from promotions.rules.repository_pattern import RepositoryPattern
from promotions.services import policies
from promotions.services.importing.ledger import Became, Kind, State, Thing
from promotions.services.importing.names import KnownNames
from promotions.services.importing.understanding import NotUnderstood, understand
from repositories.models import Repository as RepositoryHere
from repositories.models import RepositoryManifest
from repositories.services import exceptions, repositories

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.models import Namespace
    from promotions.models import ImportedObject
    from promotions.services.importing.kinds import (
        HiddenVulnerability,
        Policy,
        Repository,
    )
    from promotions.services.importing.ledger import Ledger
    from promotions.services.importing.structure.owners import Owners
    from promotions.services.importing.understanding import Understood

EXPIRES = timedelta(days=90)
SHORT = 200  # characters of a short description
REASON = 500
EVERY_TAG = ["*"]
NO_IMAGE = (
    "No image here has its layer yet; take the structure over again when the images"
    " are here."
)


@dataclass(frozen=True, slots=True)
class Contents:
    """Takes over what namespaces hold."""

    ledger: Ledger
    owners: Owners
    names: KnownNames = field(default_factory=KnownNames)

    def repository(self, there: Repository) -> RepositoryHere | None:
        """Take a repository over with its settings; None where it is not here."""
        name = there.full_name
        thing = Thing(Kind.REPOSITORY, name, name, there.original)
        self.ledger.take_over(thing, lambda _before: self._made(there))
        return self._here(name)

    def policy(self, there: Policy) -> None:
        """Take a policy over, switched off and agreed to by nobody."""

        def work(before: ImportedObject | None) -> Became:
            try:
                understood = understand(there.original, self.names)
            except NotUnderstood as error:
                raise ValidationError(str(error)) from error
            return self._kept(understood, before)

        thing = Thing(Kind.POLICY, there.id, _name_of(there), there.original)
        self.ledger.take_over(thing, work)

    def hidden(self, there: HiddenVulnerability) -> None:
        """Hide a vulnerability in each image here that has the layer."""
        name = f"{there.vulnerability} in {there.layer_digest or 'no layer'}"
        held = list(self._holding(there.layer_digest)) if there.layer_digest else []
        missing = Thing(Kind.HIDDEN, there.id, name, there.original)
        if not held:
            self.ledger.list_only(missing, State.REFUSED, NO_IMAGE)
            return
        for row in held:
            self._hidden_in(there, row)
        self.ledger.list_only(missing, State.DONE, f"Hidden in {len(held)} images.")

    def _made(self, there: Repository) -> Became:
        namespace = self.owners.namespace(there.namespace)
        rows = RepositoryHere.objects.live().filter(namespace=namespace)
        found = rows.filter(name=there.name).first()
        if found is not None:
            said = "Was here before; its settings are left as they are."
            return Became(State.SKIPPED, said, found.uuid)
        made = repositories.create(
            actor=self.ledger.actor,
            namespace=namespace,
            name=there.name,
            **_settings(there),
        )
        cut = len(there.short_description) > SHORT
        said = "Its short description was cut." if cut else ""
        return Became(State.DONE, said, made.uuid)

    def _here(self, full_name: str) -> RepositoryHere | None:
        uuid = self.ledger.local(Kind.REPOSITORY, full_name)
        rows = RepositoryHere.objects.live().select_related("namespace")
        return rows.filter(uuid=uuid).first() if uuid else None

    def needed(self, full_name: str, end: str) -> RepositoryHere:
        """Return a repository that was taken over; raises ValidationError."""
        found = self._here(full_name)
        if found is None:
            message = f"Its {end} {full_name} was not taken over."
            raise ValidationError(message)
        return found

    def _kept(self, understood: Understood, before: ImportedObject | None) -> Became:
        state = State.HELD if understood.held else State.DONE
        said = " ".join((*understood.held, *understood.notes))
        earlier = _earlier(before)
        if earlier is not None and _is_touched(earlier):
            return Became(State.DONE, "Was changed here since.", earlier.uuid)
        draft = self._draft(understood)
        if earlier is not None:
            if policies.Draft.of(earlier.shown_version) == draft:
                return Became(state, said, earlier.uuid)
            policies.delete(actor=self.ledger.actor, policy=earlier)
        made = policies.keep_unanswered(actor=self.ledger.actor, draft=draft)
        return Became(state, said, made.uuid)

    def _draft(self, understood: Understood) -> policies.Draft:
        values: dict[str, Any] = {
            "target": understood.target,
            "rules": understood.rules,
            **understood.choices,
        }
        namespace = understood.target.partition("/")[0]
        if "{" not in understood.target:
            self.needed(understood.target, "target")
        elif "{" not in namespace:
            self.owners.namespace(namespace)
        if not understood.is_pattern:
            source = self.needed(understood.source, "source")
            return policies.Draft(source=source, **values)
        pattern = RepositoryPattern(understood.source)
        return policies.Draft(
            source=pattern, namespace=self._owner(understood, pattern), **values
        )

    def _owner(
        self, understood: Understood, pattern: RepositoryPattern
    ) -> Namespace | None:
        if understood.is_global:
            return None
        return self.owners.namespace(pattern.namespace)

    def _holding(self, layer: str) -> QuerySet[RepositoryManifest]:
        """Return the images with a layer, in repositories that were taken over."""
        taken = [
            row.local_uuid
            for (kind, _), row in self.ledger.rows.items()
            if kind == Kind.REPOSITORY and row.local_uuid
        ]
        return (
            RepositoryManifest.objects.filter(
                repository__uuid__in=taken,
                manifest__layers__digest=layer,
                gone_at__isnull=True,
            )
            .select_related("repository__namespace", "manifest")
            .defer("manifest__raw")
            .distinct()
            .order_by("pk")
        )

    def _hidden_in(self, there: HiddenVulnerability, row: RepositoryManifest) -> None:
        where = f"{row.repository}@{row.manifest.digest}"

        def work(_before: ImportedObject | None) -> Became:
            made = exceptions.hide(
                actor=self.ledger.actor,
                scope=row.repository,
                vulnerability=there.vulnerability,
                reason=_reason(self.ledger.source.source_url, there),
                expires_at=timezone.now() + EXPIRES,
                digest=row.manifest.digest,
                component_name=there.component,
                component_version=there.component_version,
                layer_digest=there.layer_digest,
            )
            return Became(State.DONE, "Expires in 90 days.", made.uuid)

        name = f"{there.vulnerability} in {where}"
        thing = Thing(Kind.HIDDEN, f"{there.id} {where}", name, there.original)
        self.ledger.take_over(thing, work)


def _settings(there: Repository) -> dict[str, Any]:
    """Return the settings; another portal says more than MSR's switches."""
    patterns = there.original.get("immutableTagPatterns")
    is_list = isinstance(patterns, list) and all(isinstance(p, str) for p in patterns)
    return {
        "visibility": there.visibility,
        "short_description": there.short_description[:SHORT],
        "long_description": there.long_description,
        "scan_on_push": there.scan_on_push,
        "immutable_tags": (
            patterns if is_list else EVERY_TAG if there.immutable_tags else []
        ),
        "promotions_only": there.original.get("promotionsOnly") is True,
        "enable_manifest_lists": there.enable_manifest_lists,
        "tag_limit": there.tag_limit,
    }


def _name_of(there: Policy) -> str:
    ends = (there.original.get(f"{end}Repository") for end in ("source", "target"))
    return " → ".join(end if isinstance(end, str) and end else "?" for end in ends)


def _earlier(before: ImportedObject | None) -> PromotionPolicy | None:
    """Return the policy that an earlier run held back, unless it was deleted since."""
    if before is None or before.local_uuid is None:
        return None
    return PromotionPolicy.objects.kept().filter(uuid=before.local_uuid).first()


def _is_touched(policy: PromotionPolicy) -> bool:
    """Tell whether somebody changed it, or agreed to it, since it was imported."""
    version = policy.proposed_version
    if policy.managed_by:
        return True  # a file took it over
    return version is None or version.number != 1 or version.consents.exists()


def _reason(url: str, there: HiddenVulnerability) -> str:
    said = " ".join(there.notes.split()) or "no notes"
    return f"Imported from {url}: {said}"[:REASON]
