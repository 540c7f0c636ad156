"""One walk at a time, and not again at once after one that failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Q
from django.utils import timezone

from repositories.models import Registry

if TYPE_CHECKING:
    from django.db.models import QuerySet

LEASE = timedelta(minutes=10)
NEXT_TURN = timedelta(minutes=1)


class AlreadyRunning(Exception):
    """Another worker walks the registry now."""


@dataclass(slots=True)
class Lease:
    """The right to walk; whoever let it run out has lost it to the next."""

    registry: Registry
    until: datetime

    @classmethod
    def take(cls) -> Lease:
        """Raise AlreadyRunning when another worker has it."""
        until = timezone.now() + LEASE
        if not _free().update(reconcile_leased_until=until):
            _require_registry()
            message = "Another walk over the registry is under way."
            raise AlreadyRunning(message)
        return cls(Registry.objects.get(), until)

    def renew(self) -> None:
        """Call this often: it writes every few minutes. Raises AlreadyRunning."""
        now = timezone.now()
        if self.until - now > LEASE / 2:
            return
        if not self._held().update(reconcile_leased_until=now + LEASE):
            message = "This walk took too long; another one has begun."
            raise AlreadyRunning(message)
        self.until = now + LEASE

    def release(self) -> None:
        """Let others walk; a wish that is still open waits for its next turn."""
        self._held().update(reconcile_leased_until=None)
        open_wish = Registry.objects.filter(reconcile_wanted_at__isnull=False)
        open_wish.update(reconcile_wanted_at=timezone.now() + NEXT_TURN)

    def _held(self) -> QuerySet[Registry]:
        return Registry.objects.filter(
            pk=self.registry.pk, reconcile_leased_until=self.until
        )


def is_wanted() -> bool:
    """Tell whether somebody asked for a walk whose turn it is now."""
    wanted = _free().filter(reconcile_wanted_at__lte=timezone.now())
    return wanted.filter(brake=Registry.Brake.RELEASED).exists()


def _free() -> QuerySet[Registry]:
    unleased = Q(reconcile_leased_until__isnull=True)
    return Registry.objects.filter(
        unleased | Q(reconcile_leased_until__lt=timezone.now())
    )


def _require_registry() -> None:
    if not Registry.objects.exists():
        message = "The portal knows no registry yet: run “manage.py migrate” once."
        raise ImproperlyConfigured(message)
