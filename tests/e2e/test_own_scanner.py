"""A namespace's own scanner speaks for that namespace, and for nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.e2e.backstage import is_at_rest, make_repositories, shell
from tests.e2e.people import Person, wait_for
from tests.e2e.scanning import decision, scan_of, scans
from tests.e2e.test_chains import add_policy
from tests.e2e.test_scan_policies import RULES, promoted
from tests.scanner_adapter import ScannerAdapter, component
from tests.stack.missing import MissingProgram
from tests.stack.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.images import Image

pytestmark = pytest.mark.slow

PURL = "pkg:deb/debian/openssl@3.0.1?distro=debian-12"


@pytest.fixture
def stack(scanner_adapter: ScannerAdapter) -> Iterator[Stack]:
    """A stack of the test's own, whose operator lets tenants use this adapter."""
    allowed = f"tenant-scanner=127.0.0.1:{scanner_adapter.port}"
    try:
        with Stack(environment={"MSR_OUTBOUND_ALLOW": allowed}) as started:
            yield started
    except MissingProgram as missing:
        pytest.skip(str(missing))


def register(stack: Stack, namespace: str, name: str, url: str) -> None:
    """Register a namespace's own scanner."""
    code = f"""
from accounts.models import Namespace
from repositories.models import Scanner
Scanner.objects.create(
    name={name!r}, namespace=Namespace.objects.get(name={namespace!r}), url={url!r}
)
"""
    shell(stack, code)


def test_an_own_scanner_counts_for_its_namespace_only(
    stack: Stack,
    dana: Person,
    quinn: Person,
    scanner_adapter: ScannerAdapter,
    new_image: Callable[..., Image],
) -> None:
    mark = uuid4().hex[:8]
    people = {f"ours-{mark}": dana, f"theirs-{mark}": quinn}
    scanner_adapter.components = [component(PURL, "Apache-2.0")]
    image = new_image()
    for namespace, person in people.items():
        source, target = f"{namespace}/shop", f"{namespace}/clean"
        make_repositories(stack, {source: person.name, target: person.name})
        added = add_policy(person, source, target, rules=RULES, origins=[f"own-{mark}"])
        assert added.status_code == 201, added.text
    ours, theirs = people
    register(stack, ours, f"own-{mark}", scanner_adapter.url)

    for namespace, person in people.items():
        assert person.push(image, f"{namespace}/shop:1.0") == ""
    scan = scan_of(stack, image.digest, f"own-{mark}")

    assert (scan["state"], scan["component_count"]) == ("completed", 1)
    (asked,) = scanner_adapter.scans.values()
    assert asked["artifact"]["repository"] == f"{ours}/shop"
    wait_for(lambda: promoted(dana, f"{ours}/clean"))
    wait_for(lambda: is_at_rest(stack))
    decision(quinn, f"{theirs}/shop", "1.0", "waiting")
    assert promoted(quinn, f"{theirs}/clean") == {}
    origins = [one["origin"] for one in scans(stack, image.digest)]
    assert sorted(origins) == ["built-in", f"own-{mark}"]
