"""Requests that nobody would write, generated out of our own schema: see `described`.

Whatever is sent, the answer is one that the schema documents, and never a 5xx.
"""

from __future__ import annotations

from typing import Any, cast

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from msr.api.schema import document
from tests.api import factories

EXAMPLES = 20
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)


portal = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Any) -> Any:
    """Answer as a server would that knows who calls."""
    return portal({"REMOTE_ADDR": "127.0.0.1", **environ}, start_response)


OPERATIONS = [
    cast("Any", found).ok()
    for found in schemathesis.openapi.from_dict(document()).get_all_operations()
]
# What an address is about, where it is to be something that exists.
KNOWN = {
    "namespace": "dev",
    "name": "website",
    "tag": "1.0",
    "reference": "1.0",
    "team": "developers",
}


@pytest.fixture(autouse=True)
def _kept_connection():
    """Let no request close the connection that holds the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def policy_id(world):
    """A world with a tag and a policy; the id of that."""
    factories.push(world.website, "1.0")
    return str(factories.policy(world.website, world.target).uuid)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.label)
def test_any_request_gets_a_documented_answer(operation, world, policy_id, registry):
    known = {**KNOWN, "policy_id": policy_id}
    credentials = world.client("root")._credentials["HTTP_AUTHORIZATION"]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), exists=st.booleans())
    def call(case, exists):
        if exists:
            case.path_parameters |= {
                name: known.get(name, value)
                for name, value in case.path_parameters.items()
            }
        case.headers["Authorization"] = credentials
        case.call_and_validate(app=application, checks=list(CHECKS))

    call()
