"""Every operation of MSR's that is here, called on real parts, held to the Swagger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.caller import Caller
from tests.contract.calls import CALLS, teams
from tests.contract.operations import here
from tests.e2e.people import Person, wait_for
from tests.images import make_image

if TYPE_CHECKING:
    from tests.stack.stack import Stack

pytestmark = pytest.mark.slow
NO_SWAGGER = pytest.mark.skip(reason="MSR's Swagger file is not beside the repository")
COMPLETED = 6  # MSR's code of a scan that came to its end


@pytest.fixture(scope="module")
def msr(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Caller:
    """A portal whose repository `dev/scanned` has one image, which has been scanned."""
    image = make_image(tmp_path_factory.mktemp("image"), seed=6006)
    caller = Caller(stack, image.digest)
    caller.new_repository("scanned", is_scanned=True)
    caller.identity("POST", "/accounts/dev/teams", {"name": teams.TEAM})
    admin = Person(stack, "admin")
    assert admin.push(image, "dev/scanned:1") == ""
    wait_for(lambda: _is_scanned(admin), patience=60)
    return caller


def _is_scanned(admin: Person) -> bool:
    address = "/imagescan/scansummary/repositories/dev/scanned/1"
    answer = admin.api("GET", address)
    return (
        answer.ok
        and bool(answer.json())
        and answer.json()[0]["scanStatus"] == COMPLETED
    )


@pytest.mark.parametrize("name", here() or [pytest.param("", marks=NO_SWAGGER)])
def test_is_answered_in_the_shape_of_msr(name: str, msr: Caller) -> None:
    CALLS[name](msr)
