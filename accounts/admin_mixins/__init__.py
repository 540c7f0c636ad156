"""What the admin pages of all apps share: columns, read-only history, services."""

from __future__ import annotations

from accounts.admin_mixins.columns import linked, moment, pretty_json
from accounts.admin_mixins.confirmation import (
    asked_first,
    if_really_you,
    to_send_if_really_you,
)
from accounts.admin_mixins.lists import MsrAdmin, counted
from accounts.admin_mixins.permitted import ITSELF
from accounts.admin_mixins.read_only import ReadOnlyAdmin, ReadOnlyInline
from accounts.admin_mixins.services import (
    REFUSALS,
    AuditedForm,
    ServiceAdmin,
    ServiceForm,
    apply_to_each,
    sentence_of,
)

__all__ = [
    "ITSELF",
    "REFUSALS",
    "AuditedForm",
    "MsrAdmin",
    "ReadOnlyAdmin",
    "ReadOnlyInline",
    "ServiceAdmin",
    "ServiceForm",
    "apply_to_each",
    "asked_first",
    "counted",
    "if_really_you",
    "linked",
    "moment",
    "pretty_json",
    "sentence_of",
    "to_send_if_really_you",
]
