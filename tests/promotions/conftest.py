"""A pipeline from dev to qa on a real registry, one step at a time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from promotions.models import Promotion
from promotions.services import evaluate, promote
from repositories.registry import Digest
from repositories.services import ingest, manifests, tags
from repositories.services.registry import client
from tests.factories import make_policy, make_repository

if TYPE_CHECKING:
    from collections.abc import Callable

    from promotions.models import PromotionPolicy
    from repositories.models import Repository, TagMove
    from tests.live_registry import Image, LiveRegistry

NUMBERS = count(1)


@dataclass
class Pipeline:
    """Two repositories and a policy between them; the steps are made by hand."""

    registry: LiveRegistry
    make_image: Callable[..., Image]
    source: Repository
    target: Repository
    policy: PromotionPolicy

    def new_image(self, **values: Any) -> Image:
        """An image nobody pushed before."""
        return self.make_image(f"{self.source.full_name} {next(NUMBERS)}", **values)

    def push(self, tag: str, image: Image | None = None) -> TagMove:
        """Push, and take the push in as the notification would."""
        image = image or self.new_image()
        self.registry.push(image, self.source.full_name, tag)
        return self.move(tag, str(image.manifest.digest))

    def move(self, tag: str, digest: str) -> TagMove:
        """Write down that the source's tag points to the digest."""
        row = manifests.store(
            repository=self.source, digest=Digest.parse(digest), client=client()
        )
        seen = tags.Sighting(
            tag=tag,
            moved_at=timezone.now(),
            expected_version=tags.version_of(self.source, tag),
        )
        move = tags.record_move(repository=self.source, manifest=row, seen=seen)
        assert move is not None
        return move

    def decide(self, move: TagMove) -> list[int]:
        """Ask the policies about a move."""
        return evaluate.evaluate_move(move_id=move.pk)

    def run(self, promotion_id: int) -> Promotion:
        """Run one promotion and return it as it is then."""
        promote.run(promotion_id=promotion_id)
        return Promotion.objects.get(pk=promotion_id)

    def promote(self, tag: str, image: Image | None = None) -> Promotion:
        """All steps of one push."""
        (promotion_id,) = self.decide(self.push(tag, image))
        return self.run(promotion_id)

    def target_digest(self, tag: str) -> str | None:
        """What the registry says that the target's tag points to."""
        found = ingest.digest_of(self.target, tag)
        return str(found) if found else None


@pytest.fixture
def source(db: None) -> Repository:
    """`dev/website`; files with people of their own override it."""
    return make_repository(name="dev/website")


@pytest.fixture
def target(db: None) -> Repository:
    """`qa/website`, likewise."""
    return make_repository(name="qa/website")


@pytest.fixture
def pipeline(
    registry: LiveRegistry, make_image: Callable[..., Image], db: None
) -> Pipeline:
    """dev promotes tags that end with stable to qa, under the tag itself."""
    number = next(NUMBERS)
    source = make_repository(name=f"dev/app{number}")
    target = make_repository(name=f"qa/app{number}")
    policy = make_policy(
        source=source,
        target=target,
        rules=[{"field": "tag", "operator": "ew", "values": ["stable"]}],
        tag_template="%n",
    )
    return Pipeline(registry, make_image, source, target, policy)
