"""Webhooks come paused, and go to no place that a webhook made here could not go to."""

from __future__ import annotations

import pytest

from promotions.models import ImportedObject
from repositories.models import Webhook
from tests.factories import make_organization

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver(msr, settings) -> str:
    """The address of a receiver that may be called."""
    port = msr.server.server_port
    settings.OUTBOUND_ALLOW = [
        f"import=127.0.0.1:{port}",
        "tenant-webhook=127.0.0.1:9",
        "webhook=127.0.0.1:10",
    ]
    return "http://127.0.0.1:9/services/a-secret-path"


def test_a_webhook_comes_paused_and_with_a_secret_of_its_own(
    msr, import_msr, receiver
) -> None:
    msr.webhooks[0] |= {"endpoint": receiver, "tlsCert": "PEM"}
    said = import_msr()
    import_msr()
    (found,) = Webhook.objects.all()
    assert (found.type, str(found.repository)) == ("TAG_PUSH", "dev/website")
    assert (found.endpoint, found.pause) == (receiver, Webhook.Pause.PERSON)
    assert found.author.username == "root"
    assert str(found.limited_to) == "dev"
    assert found.ca_certificate == ""
    assert "Its certificate was not taken over" in said
    assert "a-secret-path" not in said


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"endpoint": "http://127.0.0.1:10/"}, "not public"),
        ({"endpoint": "http://169.254.169.254/"}, "denied"),
        ({"endpoint": "no address"}, "printable ASCII"),
        ({"endpoint": "http://["}, "cannot be read"),
        ({"type": "UNHEARD_OF"}, "UNHEARD_OF"),
        ({"key": ""}, "about the whole registry"),
        ({"key": "others"}, "was here before"),
        ({"key": "others/app"}, "was not taken over"),
        ({"key": "dev/website", "type": "REPO_CREATED"}, "is of a namespace"),
    ],
)
def test_what_could_not_be_made_here_is_listed(
    msr, import_msr, receiver, values, said
) -> None:
    make_organization(name="others")
    msr.webhooks[0] |= {"endpoint": receiver, **values}
    import_msr()
    row = ImportedObject.objects.get(kind="webhook")
    assert row.state == "refused"
    assert said in row.reason
    assert not Webhook.objects.exists()
