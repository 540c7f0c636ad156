"""Policies: save, agree to, switch and delete them; every change is a new version."""

from __future__ import annotations

from promotions.services.policies.admissions import admit, dismiss
from promotions.services.policies.checks import checked_version
from promotions.services.policies.consents import accept, decline, retract, withdraw
from promotions.services.policies.difference import Change, difference
from promotions.services.policies.draft import Draft
from promotions.services.policies.ends import Ends
from promotions.services.policies.managed import mark, refuse_managed, release
from promotions.services.policies.saving import (
    create,
    keep_unanswered,
    refuse_saving,
    update,
)
from promotions.services.policies.shown import (
    Shown,
    is_about,
    shown,
    shown_at,
    shown_to_target,
    unanswered,
)
from promotions.services.policies.survey import Pair, Survey, survey
from promotions.services.policies.switching import delete, may_stop, switch
from promotions.services.policies.voice import Voice

__all__ = [
    "Change",
    "Draft",
    "Ends",
    "Pair",
    "Shown",
    "Survey",
    "Voice",
    "accept",
    "admit",
    "checked_version",
    "create",
    "decline",
    "delete",
    "difference",
    "dismiss",
    "is_about",
    "keep_unanswered",
    "mark",
    "may_stop",
    "refuse_managed",
    "refuse_saving",
    "release",
    "retract",
    "shown",
    "shown_at",
    "shown_to_target",
    "survey",
    "switch",
    "unanswered",
    "update",
    "withdraw",
]
