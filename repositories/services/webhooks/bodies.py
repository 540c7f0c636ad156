"""The body of a call in each format, and the headers that vouch for it."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from django.conf import settings

from repositories.models import EventType, Webhook

if TYPE_CHECKING:
    from collections.abc import Sequence

    from repositories.models import WebhookDelivery

MAX_SHOWN = 300  # characters of one value in a sentence
_BLANKS = re.compile(r"\s+")
_MARKS = str.maketrans({"*": " ", "`": "'"})
_MENTION = "@\u200b"  # an at sign behind which no chat reads a name

# In Slack's marks; what stands in braces are contents of the event.
SENTENCES = {
    EventType.TAG_PUSH: "{author} pushed *{namespace}/{repository}:{tag}*.",
    EventType.TAG_DELETE: "{author} deleted *{namespace}/{repository}:{tag}*.",
    EventType.MANIFEST_PUSH: (
        "{author} pushed `{digest}` to *{namespace}/{repository}*."
    ),
    EventType.MANIFEST_DELETE: (
        "`{digest}` was deleted from *{namespace}/{repository}*."
    ),
    EventType.SCAN_COMPLETED: (
        "*{namespace}/{repository}:{tag}* was scanned: {critical} critical, {major}"
        " major and {minor} minor vulnerabilities."
    ),
    EventType.SCAN_FAILED: (
        "The scan of *{namespace}/{repository}:{tag}* failed: {error}"
    ),
    EventType.PROMOTION: (
        "*{namespace}/{repository}:{tag}* was promoted to *{targetImage}*."
    ),
    EventType.PROMOTION_FAILED: (
        "*{namespace}/{repository}:{tag}* could not be promoted: {reason}"
    ),
    EventType.PROMOTION_WAITING: (
        "The promotion of *{namespace}/{repository}:{tag}* waits: {reason}"
    ),
    EventType.REPO_CREATED: "{author} created *{namespace}/{repository}*.",
    EventType.REPO_UPDATED: "{author} changed *{namespace}/{repository}*.",
    EventType.REPO_DELETED: "{author} deleted *{namespace}/{repository}*.",
}
UNSAID = "{type} of *{namespace}/{repository}*."  # of a sample of another type
CONTENT_TYPES = {
    Webhook.Format.MSR: "application/json",
    Webhook.Format.CLOUDEVENTS: "application/cloudevents+json; charset=utf-8",
    Webhook.Format.SLACK: "application/json",
}


def body_of(delivery: WebhookDelivery, payload: dict[str, Any], written: str) -> bytes:
    """Return the body in a format of webhooks; `payload` is what may be told."""
    if written == Webhook.Format.CLOUDEVENTS:
        return _json(_cloud_event(delivery, payload))
    if written == Webhook.Format.SLACK:
        return _json({"text": sentence(delivery.type, payload["contents"])})
    return _json(payload)


def headers_of(
    delivery: WebhookDelivery, body: bytes, secrets: Sequence[str], at: int
) -> dict[str, str]:
    """Return the headers of one attempt at the time `at`, in seconds since 1970."""
    headers = {
        "Content-Type": CONTENT_TYPES[Webhook.Format(delivery.webhook.format)],
        "User-Agent": "msr-webhook",
        "X-Msr-Event": delivery.type,
        "X-Msr-Event-Id": str(delivery.event_uuid),
        "X-Msr-Delivery": str(delivery.uuid),
    }
    if secrets:
        headers["X-Msr-Signature"] = signature(body, secrets, at)
    return headers


def signature(body: bytes, secrets: Sequence[str], at: int) -> str:
    """Return `t=…,v1=…`: HMAC-SHA256 over time, dot and body, once for each secret."""
    signed = f"{at}.".encode() + body
    macs = (hmac.new(one.encode(), signed, hashlib.sha256) for one in secrets)
    return ",".join((f"t={at}", *(f"v1={mac.hexdigest()}" for mac in macs)))


def sentence(event_type: str, contents: dict[str, Any]) -> str:
    """Return one sentence in which nothing that people wrote is a mark or a mention."""
    flat = {**contents, **contents.get("scanSummary", {})}
    values: defaultdict[str, str] = defaultdict(lambda: "something you may not see")
    values |= {name: _plain(value) for name, value in flat.items() if value != ""}
    values.setdefault("author", "Somebody")
    values["type"] = event_type
    return SENTENCES.get(EventType(event_type), UNSAID).format_map(values)


def _plain(value: Any) -> str:
    """Escape as Slack asks for, and take the meaning from marks and at signs."""
    text = _BLANKS.sub(" ", str(value))[:MAX_SHOWN]
    for mark, meant in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(mark, meant)
    return text.replace("@", _MENTION).translate(_MARKS)


def _cloud_event(delivery: WebhookDelivery, payload: dict[str, Any]) -> dict[str, Any]:
    """Return a structured event of CloudEvents 1.0."""
    return {
        "specversion": "1.0",
        "id": str(delivery.event_uuid),
        "source": f"{settings.PUBLIC_URL}/api/v0",
        "type": f"msr.{delivery.type.lower()}",
        "subject": payload["location"].lstrip("/"),
        "time": payload["createdAt"],
        "datacontenttype": "application/json",
        "data": payload["contents"],
    }


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
