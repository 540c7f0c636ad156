"""Who copies: the product's own promotion, skopeo, and the bare script."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.access import SYSTEM, Actor
from accounts.models import Namespace, User
from promotions.models import Promotion, PromotionPolicy
from promotions.services import policies, promote
from promotions.services.evaluate import evaluate_move
from repositories.models import Repository, Tag
from repositories.registry import Action, ResourceScope
from repositories.services import repositories
from repositories.services.registry import signer
from tests.bench.bare import BareCopier
from tests.bench.clients import skopeo

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stack.stack import Stack


class Contenders:
    """Prepares a copy for each contender, and returns what is to be timed."""

    def __init__(self, stack: Stack, source: str, tag: str, digest: str) -> None:
        self.stack, self.source, self.tag, self.digest = stack, source, tag, digest
        self.admin = Actor(User.objects.get(username="admin"))
        self.bare_copier = BareCopier(stack.env["MSR_REGISTRY_URL"])

    def all(self) -> dict[str, Callable[[str, str], Callable[[], None]]]:
        """Return the contenders by name, in the order in which they run."""
        return {"ours": self.ours, "skopeo": self.skopeo, "bare": self.bare}

    def wait_for_source(self) -> None:
        """Wait until the portal knows the image that is copied."""
        while not Tag.objects.filter(
            name=self.tag, manifest__digest=self.digest
        ).exists():
            time.sleep(0.1)

    def ours(self, target: str, tag: str) -> Callable[[], None]:
        """`promote.run` whole: claim, token, copy, record."""
        (promotion_id,) = evaluate_move(
            move_id=self._move(), policy=self._policy(target, tag)
        )

        def run() -> None:
            state = promote.run(promotion_id=promotion_id)
            assert state == Promotion.State.SUCCEEDED, state

        return run

    def skopeo(self, target: str, tag: str) -> Callable[[], None]:
        """`skopeo copy` of the same image, as the administrator."""
        self._repository(target)
        token = self.stack.credentials["users"]["admin"]["token"]
        host = self.stack.registry_host
        return lambda: skopeo(
            "--src-tls-verify=false",
            "--dest-tls-verify=false",
            f"--src-creds=admin:{token}",
            f"--dest-creds=admin:{token}",
            f"docker://{host}/{self.source}:{self.tag}",
            f"docker://{host}/{target}:{tag}",
        )

    def bare(self, target: str, tag: str) -> Callable[[], None]:
        """The requests alone, with a token made beforehand."""
        scopes = (
            ResourceScope.repository(self.source, Action.PULL),
            ResourceScope.repository(target, Action.PULL, Action.PUSH),
        )
        signed = signer().sign(
            "bench", scopes, lifetime_seconds=300, now=timezone.now()
        )
        raw = Tag.objects.select_related("manifest").get(name=self.tag).manifest.raw
        return lambda: self.bare_copier.copy(
            token=signed.token,
            source=self.source,
            target=target,
            tag=tag,
            manifest=bytes(raw),
        )

    def _move(self) -> int:
        row = Tag.objects.get(repository__name="website", name=self.tag)
        return row.current_move_id

    def _policy(self, target: str, tag: str) -> PromotionPolicy:
        """A policy that promotes the image to this tag."""
        draft = policies.Draft(
            source=self._repository(self.source),
            target=self._repository(target).full_name,
            tag_template=tag,
        )
        return policies.create(actor=self.admin, draft=draft)

    def _repository(self, name: str) -> Repository:
        namespace, _, rest = name.partition("/")
        found = Repository.objects.named(name).first()
        return found or repositories.create(
            actor=SYSTEM, namespace=Namespace.objects.get(name=namespace), name=rest
        )
