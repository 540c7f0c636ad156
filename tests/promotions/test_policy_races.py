"""Two people who answer for one policy at once, on a database that lets them."""

from __future__ import annotations

from functools import partial

import pytest

from accounts.access import Actor
from promotions.models import PolicyVersion, PromotionPolicy
from promotions.services import policies
from tests.factories import make_organization, make_repository, make_user
from tests.promotions.test_races import at_once, several_connections

__all__ = ["several_connections"]

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("several_connections"),
]

TIMES = 8


def loaded(version: PolicyVersion) -> PolicyVersion:
    return PolicyVersion.objects.get(pk=version.pk)


def test_two_sides_that_agree_at_once_set_it_going() -> None:
    owners = make_user(name="dana"), make_user(name="quinn")
    for name, owner in zip(("dev", "qa"), owners, strict=True):
        make_organization(name=name, owner=owner)
    dana, quinn = map(Actor, owners)
    source, _target = make_repository(name="dev/app"), make_repository(name="qa/app")
    for number in range(TIMES):
        draft = policies.Draft(
            source=source, target="qa/app", tag_template=f"%n-{number}"
        )
        policy = policies.create(actor=dana, draft=draft, propose=True)
        version = policy.shown_version
        policies.withdraw(actor=dana, version=version, side="source")

        at_once(
            partial(
                policies.accept, actor=dana, version=loaded(version), side="source"
            ),
            partial(
                policies.accept, actor=quinn, version=loaded(version), side="target"
            ),
        )
    assert PromotionPolicy.objects.running().count() == TIMES
