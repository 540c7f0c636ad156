"""What a page costs does not grow with what lies behind it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.pages.addresses import portal_routes
from tests.pages.crowd import add_crowd
from tests.pages.needs import NEEDS

PROMISED = 12  # queries of any page


@pytest.mark.parametrize("persona", ["dana", "admin"])
def test_a_page_takes_few_queries_with_a_thousand_rows_behind_it(
    cast, browser_of, persona
):
    add_crowd(cast)
    client, dear = browser_of(persona), {}
    for route in portal_routes():
        if route.name in NEEDS:
            with CaptureQueriesContext(connection) as queries:
                client.get(route.url(cast))
            if len(queries) > PROMISED:
                dear[route.name] = len(queries)
    assert not dear, "\n".join(f"{name}: {dear[name]}" for name in dear)
