"""Every operation, asked by a stranger: what exists must look like what does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from django.urls import get_resolver, resolve

from accounts.access import Actor
from accounts.validators import RESERVED_WORDS
from repositories.models import ManifestLayer
from repositories.services import exceptions
from tests import signing
from tests.api import factories
from tests.factories import make_delivery, make_signing_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rest_framework.test import APIClient

    from accounts.api import Operation
    from repositories.models import VulnerabilityException

UNKNOWN = UUID(int=0)
OPERATIONS = [
    ("get", "/repositories/{ns}"),
    ("post", "/repositories/{ns}"),
    ("get", "/repositories/{ns}/{name}"),
    ("patch", "/repositories/{ns}/{name}"),
    ("delete", "/repositories/{ns}/{name}"),
    ("get", "/repositories/{ns}/{name}/tags"),
    ("get", "/repositories/{ns}/{name}/tags/v1"),
    ("delete", "/repositories/{ns}/{name}/tags/v1"),
    ("post", "/repositories/{ns}/{name}/tags/v1/promotion"),
    ("get", "/repositories/{ns}/{name}/tags/v1/decisions"),
    ("post", "/repositories/{ns}/{name}/tags/v1/scans"),
    ("get", "/repositories/{ns}/{name}/manifests"),
    ("delete", "/repositories/{ns}/{name}/manifests/v1"),
    ("get", "/repositories/{ns}/{name}/promotionPolicies"),
    ("post", "/repositories/{ns}/{name}/promotionPolicies"),
    ("post", "/repositories/{ns}/{name}/promotionPolicies/test"),
    ("post", "/repositories/{ns}/{name}/promotionPolicies/preview"),
    ("get", "/repositories/{ns}/{name}/promotionPolicies/{policy}"),
    ("put", "/repositories/{ns}/{name}/promotionPolicies/{policy}"),
    ("delete", "/repositories/{ns}/{name}/promotionPolicies/{policy}"),
    ("put", "/repositories/{ns}/{name}/promotionPolicies/{policy}/consent"),
    ("delete", "/repositories/{ns}/{name}/promotionPolicies/{policy}/proposal"),
    ("delete", "/repositories/{ns}/{name}/promotionPolicies/{policy}/file"),
    ("get", "/repositories/{ns}/{name}/promotions"),
    ("post", "/repositories/{ns}/{name}/promotions/retry"),
    ("get", "/repositories/{ns}/{name}/teamAccess"),
    ("put", "/repositories/{ns}/{name}/teamAccess/testers"),
    ("delete", "/repositories/{ns}/{name}/teamAccess/testers"),
    ("get", "/repositoryNamespaces/{ns}/teamAccess"),
    ("get", "/repositoryNamespaces/{ns}/teamAccess/testers"),
    ("put", "/repositoryNamespaces/{ns}/teamAccess/testers"),
    ("delete", "/repositoryNamespaces/{ns}/teamAccess/testers"),
    ("get", "/repositoryNamespaces/{ns}/promotionPolicies"),
    ("post", "/repositoryNamespaces/{ns}/promotionPolicies"),
    ("post", "/repositoryNamespaces/{ns}/promotionPolicies/test"),
    ("get", "/repositoryNamespaces/{ns}/promotionPolicies/{policy}"),
    ("put", "/repositoryNamespaces/{ns}/promotionPolicies/{policy}"),
    ("delete", "/repositoryNamespaces/{ns}/promotionPolicies/{policy}"),
    ("put", "/repositoryNamespaces/{ns}/promotionPolicies/{policy}/consent"),
    ("delete", "/repositoryNamespaces/{ns}/promotionPolicies/{policy}/proposal"),
    ("delete", "/repositoryNamespaces/{ns}/promotionPolicies/{policy}/file"),
    ("get", "/repositoryNamespaces/{ns}/signingKeys"),
    ("post", "/repositoryNamespaces/{ns}/signingKeys"),
    ("delete", "/repositoryNamespaces/{ns}/signingKeys/release"),
    ("get", "/repositories/{ns}/{name}/vulnerabilityExceptions"),
    ("post", "/repositories/{ns}/{name}/vulnerabilityExceptions"),
    ("delete", "/repositories/{ns}/{name}/vulnerabilityExceptions/{exception}"),
    ("get", "/repositoryNamespaces/{ns}/vulnerabilityExceptions"),
    ("post", "/repositoryNamespaces/{ns}/vulnerabilityExceptions"),
    ("delete", "/repositoryNamespaces/{ns}/vulnerabilityExceptions/{exception}"),
    ("get", "/api_tokens/{token}"),
    ("patch", "/api_tokens/{token}"),
    ("delete", "/api_tokens/{token}"),
    ("get", "/repositoryNamespaces/{ns}/robots"),
    ("post", "/repositoryNamespaces/{ns}/robots"),
    ("get", "/repositoryNamespaces/{ns}/robots/ci"),
    ("patch", "/repositoryNamespaces/{ns}/robots/ci"),
    ("get", "/repositoryNamespaces/{ns}/robots/ci/tokens"),
    ("post", "/repositoryNamespaces/{ns}/robots/ci/tokens"),
    ("get", "/repositoryNamespaces/{ns}/robots/ci/tokens/{token}"),
    ("patch", "/repositoryNamespaces/{ns}/robots/ci/tokens/{token}"),
    ("delete", "/repositoryNamespaces/{ns}/robots/ci/tokens/{token}"),
    ("get", "/repositoryNamespaces/{ns}/robots/ci/access"),
    ("put", "/repositoryNamespaces/{ns}/robots/ci/access"),
    ("delete", "/repositoryNamespaces/{ns}/robots/ci/access"),
    ("get", "/repositories/{ns}/{name}/webhooks"),
    ("get", "/accounts/{ns}/webhooks"),
    ("get", "/webhooks/{webhook}"),
    ("delete", "/webhooks/{webhook}"),
    ("post", "/webhooks/{webhook}/secrets"),
    ("get", "/webhooks/{webhook}/deliveries"),
    ("get", "/webhooks/{webhook}/deliveries/{delivery}"),
    ("post", "/webhooks/{webhook}/deliveries/{delivery}/resend"),
    ("get", "/repositoryNamespaces/{ns}/ciTrusts"),
    ("post", "/repositoryNamespaces/{ns}/ciTrusts"),
    ("get", "/repositoryNamespaces/{ns}/ciTrusts/{trust}"),
    ("delete", "/repositoryNamespaces/{ns}/ciTrusts/{trust}"),
    ("post", "/imagescan/scan/{ns}/{name}/v1/linux/amd64"),
    ("get", "/imagescan/scansummary/repositories/{ns}/{name}/v1"),
    ("get", "/imagescan/scansummary/repositories/{ns}/{name}/v1/export"),
    ("get", "/imagescan/repositories/{ns}/{name}/v1"),
    ("post", "/imagescan/layeroverride/{layer}"),
    ("delete", "/imagescan/layeroverride/{exception}"),
    ("delete", "/accounts/{ns}/repositories"),
    ("get", "/accounts/{ns}/teams/testers/repositoryAccess"),
    ("get", "/promotions/{promotion}"),
    ("post", "/promotions/{promotion}/again"),
    ("post", "/promotions/{promotion}/cancel"),
    ("get", "/repositories/{ns}/{name}/events"),
    ("get", "/jobs/{job}"),
    ("post", "/jobs/{job}/cancel"),
    ("get", "/jobs/{job}/logs"),
]
ADMINISTRATORS_ONLY = [
    ("get", "/events"),
    ("delete", "/accounts/{ns}"),
    ("get", "/accounts/olga/settings"),
    ("patch", "/accounts/olga/settings"),
    ("get", "/accounts/olga/repositoryAccess/{ns}/website"),
    ("get", "/meta/alerts"),
    ("get", "/meta/settings"),
    ("post", "/meta/settings"),
    ("post", "/jobs"),
    ("get", "/crons"),
    ("get", "/crons/sweep_scans"),
    ("get", "/workers"),
    ("post", "/imagescan/scan"),
    ("put", "/imagescan/scan/update"),
    ("get", "/promotionPolicies"),
    ("post", "/promotionPolicies"),
    ("post", "/promotionPolicies/test"),
    ("get", "/promotionPolicies/{policy}"),
    ("put", "/promotionPolicies/{policy}"),
    ("delete", "/promotionPolicies/{policy}"),
    ("put", "/promotionPolicies/{policy}/consent"),
    ("delete", "/promotionPolicies/{policy}/file"),
    ("put", "/promotionPolicies/{policy}/namespaces/{ns}"),
    ("delete", "/promotionPolicies/{policy}/namespaces/{ns}"),
]
OF_NOBODY = {  # what belongs to no tenant; who may what there is tested elsewhere
    ("get", "api_tokens"),
    ("post", "api_tokens"),
    ("delete", "api_tokens"),
    ("get", "accounts/language"),
    ("get", "admin/version"),
    ("get", "index/autocomplete"),
    ("get", "index/dockersearch"),
    ("get", "meta/features"),
    ("post", "repositories/scan/toggle"),
    ("get", "imagescan/status"),
    ("get", "imagescan/layeroverride"),
    ("post", "imagescan/scansummary/tags"),
    ("get", "imagescan/scansummary/cve/<search_term:term>"),
    ("get", "imagescan/scansummary/component/<search_term:term>"),
    ("get", "imagescan/scansummary/layer/<search_term:term>"),
    ("get", "imagescan/scansummary/license/<search_term:term>"),
    ("get", "repositories"),
    ("get", "jobs"),
    ("get", "promotionPolicies/proposals"),
    ("post", "promotionPolicies/plan"),
    ("post", "promotionPolicies/apply"),
    ("get", "promotionPolicies/export"),
    ("get", "promotionPolicies/schema"),
    ("get", "promotions/failing"),
    ("get", "webhooks"),
    ("post", "webhooks"),
    ("post", "webhooks/test"),
    ("post", "webhooks/update"),
    ("get", "signingKeys"),
    ("post", "signingKeys"),
    ("delete", "signingKeys/<api_name:name>"),
}


def api_routes() -> Iterator[tuple[str, type[Operation]]]:
    """Yield (route, view class) of every operation below /api/v0."""
    patterns: list[Any] = get_resolver().url_patterns
    (api,) = (one for one in patterns if str(one.pattern) == "api/v0/")
    for one in api.url_patterns:
        yield str(one.pattern), one.callback.view_class


def path_of(path: str) -> str:
    """Return the address with names that resolve to the operation it stands for."""
    kinds = ("policy", "promotion", "exception", "layer", "token", "trust", "job")
    ids = dict.fromkeys((*kinds, "webhook", "delivery"), UNKNOWN)
    return path.format(ns="qa", name="website", **ids)


def answer(
    client: APIClient, method: str, path: str, **names: object
) -> tuple[int, str]:
    """Return status and body, with the names asked for taken out."""
    response = getattr(client, method)(f"/api/v0{path.format(**names)}", {})
    body = response.content.decode()
    for key, value in names.items():
        body = body.replace(str(value), key)
    return response.status_code, body.replace("ns/name", "name")


@pytest.mark.parametrize("who", ["olga", "eve", ""], ids=["tenant", "loner", "nobody"])
def test_a_stranger_cannot_tell_what_exists(world, who):
    policy = factories.policy(world.target, world.target, tag_template="%Y")
    tag = factories.push(world.target, "v1")
    promotion = factories.promotion(tag, world.target, "v2", world.people.ada)
    make_signing_key(reference="qa/release", private=signing.new_key())
    delivery = make_delivery(author=world.people.quentin, scope=world.target)
    client = world.client(who)
    exists: dict[str, object] = {"ns": "qa", "name": "website"}
    exists |= {"webhook": delivery.webhook.uuid, "delivery": delivery.uuid}
    exists |= {"policy": policy.uuid, "promotion": promotion.uuid}
    exists |= {"job": promotion.uuid}
    exists |= {"exception": _hidden_in(world, "d" * 64).uuid, "layer": "d" * 64}
    robot = factories.robot(world.qa, "ci", world.people.quentin)
    exists |= {"token": factories.robot_token(robot, world.people.quentin).row.uuid}
    exists |= {"trust": factories.trust(robot, world.people).uuid}
    absent: dict[str, object] = {"ns": "zz", "name": "nothing"}
    absent |= {"policy": UNKNOWN, "promotion": UNKNOWN, "token": UUID(int=2)}
    absent |= {"job": UNKNOWN}
    absent |= {
        "policy": UNKNOWN,
        "promotion": UNKNOWN,
        "token": UUID(int=2),
        "trust": UUID(int=3),
    }
    absent |= {"exception": UUID(int=1), "layer": "e" * 64}
    absent |= {"webhook": UUID(int=4), "delivery": UUID(int=5)}
    for method, path in OPERATIONS:
        found = answer(client, method, path, **exists)
        assert found == answer(client, method, path, **absent), (method, path)
        assert found[0] == (404 if who else 401), (method, path)


def _hidden_in(world, layer: str) -> VulnerabilityException:
    """Hide a vulnerability in a layer of an image of `qa/website`."""
    image = factories.manifest(world.target, "layered")
    digest = f"sha256:{layer}"
    ManifestLayer.objects.update_or_create(
        manifest=image, position=0, defaults={"digest": digest, "size": 1}
    )
    return exceptions.hide(
        actor=Actor(world.people.quentin),
        scope=world.target,
        vulnerability="CVE-1",
        reason="not reachable",
        layer_digest=digest,
    )


@pytest.mark.parametrize(("who", "status"), [("quentin", 403), ("ada", 403), ("", 401)])
def test_what_is_for_administrators_is_for_nobody_else(world, who, status):
    names = {"ns": "qa", "policy": UNKNOWN}
    for method, path in ADMINISTRATORS_ONLY:
        assert answer(world.client(who), method, path, **names)[0] == status


def test_every_operation_is_in_the_matrix():
    listed = {
        (method, resolve(f"/api/v0{path_of(path)}").route.removeprefix("api/v0/"))
        for method, path in OPERATIONS + ADMINISTRATORS_ONLY
    }
    offered = {
        (method, route)
        for route, view in api_routes()
        for method in ("get", "post", "put", "patch", "delete")
        if hasattr(view, method)
    }
    assert offered - listed == OF_NOBODY


def test_no_repository_can_be_named_like_an_operation():
    words = {
        route.split("<repository_path:name>/")[1].split("/")[0].lower()
        for route, _ in api_routes()
        if route.startswith("repositories/") and "<repository_path:name>/" in route
    }
    assert words
    assert words <= RESERVED_WORDS
