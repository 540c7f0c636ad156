"""What the browser needs for a passkey, for an attribute of the page."""

from __future__ import annotations

import json
from typing import Any


def with_passkey_options(context: dict[str, Any]) -> dict[str, Any]:
    """Return the context of a view of allauth's with `passkey_options`, as JSON.

    Empty where the page asks for no passkey.
    """
    options = context.pop("js_data", {})
    wanted = options.get("request_options") or options.get("creation_options")
    text = json.dumps(wanted["publicKey"]) if wanted else ""
    return {**context, "passkey_options": text}
