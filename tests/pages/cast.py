"""A portal with something on every page, and people who may see more or less of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.utils import timezone

from accounts.access import SYSTEM, AccessLevel, Actor, TokenScope
from accounts.services import (
    access_tokens,
    ci_trusts,
    organizations,
    robots,
    teams,
    trusted_issuers,
)
from promotions.models import Promotion
from promotions.rules.repository_pattern import RepositoryPattern
from promotions.services import policies
from promotions.services.evaluate import evaluate_move
from repositories.models import ManifestLayer, Repository, Scan
from repositories.services import exceptions
from tests import signing
from tests.factories import (
    grant,
    make_delivery,
    make_index,
    make_manifest,
    make_organization,
    make_policy,
    make_repository,
    make_scan,
    make_signature,
    make_tag,
    make_user,
    tag_rule,
)
from tests.promoted import arrive

if TYPE_CHECKING:
    from accounts.models import User
    from promotions.models import PromotionPolicy
    from repositories.models import Tag

LAYER = "sha256:" + "a" * 64
LONG_NAME = "payments-and-settlements-reconciliation-service-for-all-regions"
LONG_TAG = "release-2026.11.25-build.20261125T081841Z-feature_settlement.retry-9f86d081"
RIGHT_TO_LEFT = "شعار الموقع: صورة الخادم الأمامي، مع nginx 1.27"
MARKDOWN = f"""# The web site

Serves **everything** below `/`; see [the handbook](https://example.com/handbook).

| port | what |
|---|---|
| 8080 | HTTP |

{RIGHT_TO_LEFT}

```sh
docker run -p 8080:8080 registry.example.com/dev/website:1.0
```
"""
FOUND = {"CVE-2021-1": 9.8, "CVE-2021-2": 5.0, "CVE-2021-3": 1.0, "CVE-2021-4": None}


@dataclass
class Cast:
    """Who there is, and the objects that addresses name."""

    people: dict[str, User]
    source: Repository
    target: Repository
    tag: Tag
    policy: PromotionPolicy
    objects: dict[str, Any] = field(default_factory=dict)


def make_cast() -> Cast:
    """Fill the portal; `people` are admin, dana, nadia, walter, rita, stranger,
    quinn, newcomer.

    Dana owns `dev`, Quinn `qa`; of `dev/website` Nadia is an admin, Walter writes and
    Rita reads. The stranger owns an organization of her own; the newcomer has nothing.
    """
    names = ("dana", "nadia", "walter", "rita", "stranger", "quinn", "newcomer")
    people = {name: make_user(name=name) for name in names}
    people["admin"] = make_user(name="admin", is_superuser=True)
    dev = make_organization(name="dev", owner=people["dana"])
    make_organization(name="qa", owner=people["quinn"])
    make_organization(name="elsewhere", owner=people["stranger"])
    source = make_repository(name="dev/website", short_description=RIGHT_TO_LEFT)
    Repository.objects.filter(pk=source.pk).update(long_description=MARKDOWN)
    target = make_repository(name="qa/website")
    make_repository(name=f"dev/{LONG_NAME}", short_description="payments " * 12)
    for name, level in (
        ("nadia", AccessLevel.ADMIN),
        ("walter", AccessLevel.READ_WRITE),
        ("rita", AccessLevel.READ_ONLY),
    ):
        grant(to=people[name], on=source, level=level)
    grant(to=people["dana"], on=target, level=AccessLevel.ADMIN)
    cast = Cast(people, source, target, _tag(source), _policy(source, target))
    cast.objects["team"] = _team(cast, dev)
    _promote(cast)
    _propose(cast)
    _wide(cast)
    _more(cast)
    _robot(cast)
    return cast


def _robot(cast: Cast) -> None:
    """`dev+ci`, which may push to dev/website and has a token."""
    dana = Actor(cast.people["dana"])
    robot = robots.create(
        actor=dana,
        namespace=cast.source.namespace,
        name="ci",
        expires_at=timezone.now() + timedelta(days=90),
        description=RIGHT_TO_LEFT,
    )
    cast.objects["robot"] = robot
    grant(to=robot.user, on=cast.source, level=AccessLevel.READ_WRITE)
    issued = access_tokens.issue(actor=dana, user=robot.user, label="CI of website")
    cast.objects["robot_token"] = issued.row
    issuer = trusted_issuers.create(
        actor=SYSTEM,
        url="https://token.actions.githubusercontent.com",
        immutable_claims=["repository_id"],
    )
    wanted = ci_trusts.WantedTrust(
        issuer.url,
        {"repository_id": "4711", "ref": "refs/heads/*"},
        [TokenScope.PULL, TokenScope.PUSH],
    )
    cast.objects["trust"] = ci_trusts.create(actor=dana, robot=robot, wanted=wanted)


def _tag(source: Repository) -> Tag:
    """`dev/website:1.0`: scanned, with four vulnerabilities, and signed."""
    tag = make_tag(repository=source, pushed_by="walter")
    ManifestLayer.objects.filter(manifest=tag.manifest).update(digest=LAYER)
    components = {"openssl": "Apache-2.0", "bash": "MIT OR GPL-3.0-only", "odd": ""}
    make_scan(
        manifest=tag.manifest,
        components=components,
        vulnerabilities=FOUND,
        places={"openssl": (LAYER, "usr/lib/libssl.so")},
    )
    make_signature(repository=source, image=tag.manifest, by=signing.new_key())
    return tag


def _policy(source: Repository, target: Repository) -> PromotionPolicy:
    rules = [
        tag_rule("ew", "stable"),
        {"field": "vulnerability_critical", "operator": "lte", "values": ["0"]},
        {"field": "license.name", "operator": "noo", "values": ["AGPL-3.0-only"]},
    ]
    return make_policy(
        source=source, target=target, rules=rules, tag_template="%n-%Y%m%d"
    )


def _team(cast: Cast, dev: Any) -> Any:
    team = teams.create(actor=SYSTEM, organization=dev, name="releasers")
    organizations.set_member(actor=SYSTEM, organization=dev, user=cast.people["walter"])
    teams.add_member(actor=SYSTEM, team=team, user=cast.people["walter"])
    grant(to=team, on=cast.source, level=AccessLevel.READ_WRITE)
    return team


def _promote(cast: Cast) -> None:
    """Promotions in every state, out of tags of which one waits for evidence."""
    good = make_tag(repository=cast.source, name="1.1-stable", pushed_by="walter")
    make_scan(manifest=good.manifest)
    states = (Promotion.State.FAILED, Promotion.State.RUNNING, Promotion.State.PENDING)
    for key in evaluate_move(move_id=good.current_move.pk):
        arrived = arrive(Promotion.objects.get(pk=key), cast.target, "1.1-stable")
        cast.objects["promotion"] = arrived
    for number, state in enumerate(states):
        tag = make_tag(repository=cast.source, name=f"1.{number + 2}-stable")
        make_scan(manifest=tag.manifest)
        for key in evaluate_move(move_id=tag.current_move.pk):
            _set(Promotion.objects.get(pk=key), state, cast.target)
    waiting = make_tag(repository=cast.source, name="2.0-stable")
    evaluate_move(move_id=waiting.current_move.pk)
    cast.objects["waiting"] = waiting


def _set(promotion: Promotion, state: str, target: Repository) -> None:
    now = timezone.now()
    values: dict[str, Any] = {"state": state}
    if state == Promotion.State.FAILED:
        values |= {
            "started_at": now,
            "finished_at": now,
            "error_code": "MANIFEST_BLOB_UNKNOWN",
            "reason": "The registry lacks a blob of the image: push it again.",
        }
    elif state == Promotion.State.RUNNING:
        values |= {
            "started_at": now,
            "lease_token": uuid4(),
            "leased_until": now + timedelta(hours=1),
            "target_repository": target,
            "target_tag": promotion.source_tag,
        }
    Promotion.objects.filter(pk=promotion.pk).update(**values)


def _propose(cast: Cast) -> None:
    """A policy that waits for the consent of qa's owner."""
    inbox = make_repository(name="qa/inbox")
    draft = policies.Draft(
        source=cast.source,
        target=inbox.full_name,
        rules=[tag_rule("sw", "rc")],
        tag_template="%n",
    )
    cast.objects["proposal"] = policies.create(
        actor=Actor(cast.people["dana"]), draft=draft, enabled=True, propose=True
    )


def _wide(cast: Cast) -> None:
    """A policy of the namespace and a global one, both switched off."""
    for key, namespace, pattern in (
        ("namespace_policy", cast.source.namespace, "dev/**"),
        ("global_policy", None, "else*/**"),
    ):
        draft = policies.Draft(
            source=RepositoryPattern.parse(pattern),
            namespace=namespace,
            target="qa/{repository}",
            rules=[tag_rule("ew", "wide")],
            tag_template="%n",
        )
        made = policies.create(actor=SYSTEM, draft=draft, enabled=False)
        cast.objects[key] = made


def _more(cast: Cast) -> None:
    """An index, a failed scan, hidden vulnerabilities, a token, long names."""
    source, dana = cast.source, Actor(cast.people["dana"])
    index = make_index(repository=source, platforms=("linux/amd64", "linux/arm64"))
    make_tag(repository=source, name="multi", manifest=index)
    make_tag(repository=source, name=LONG_TAG)
    failed = make_manifest(repository=source)
    make_tag(repository=source, name="broken", manifest=failed)
    Scan.objects.create(
        manifest=failed,
        origin="built-in",
        source="built-in scanner",
        state=Scan.State.FAILED,
        error="A layer is larger than 4 GiB unpacked.",
        finished_at=timezone.now(),
    )
    hidden: dict[str, Any] = {"reason": "not reachable", "vulnerability": "CVE-2021-3"}
    soon = timezone.now() + timedelta(days=3)
    cast.objects["exception"] = exceptions.hide(
        actor=dana, scope=source, expires_at=soon, **hidden
    )
    cast.objects["namespace_exception"] = exceptions.hide(
        actor=dana, scope=source.namespace, **hidden
    )
    for prefix, scope, author in (
        ("", source, "dana"),
        ("namespace_", source.namespace, "dana"),
        ("global_", None, "admin"),
    ):
        made = make_delivery(author=cast.people[author], scope=scope)
        cast.objects[f"{prefix}delivery"] = made
    cast.objects["webhook"] = cast.objects["delivery"].webhook
    access_tokens.issue(
        actor=dana, user=cast.people["dana"], label="ci", scopes=[TokenScope.PULL]
    )
