"""Policies, what they decide, and what is promoted."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msr.api.shapes.kinds import Maybe, shape

# --- Policies ---------------------------------------------------------------------

Consent = shape(
    "Consent",
    side=str,
    answer=str,
    decidedBy=Maybe(str),
    decidedAt=datetime,
    comment=str,
)
Change = shape("Change", field=str, removed=[str], added=[str])
CONTENT = {
    "sourceRepository": str,
    "sourcePattern": str,
    "targetRepository": str,
    "tagTemplate": str,
    "rules": [dict],
    "zone": str,
    "onMovedTag": str,
    "onConflict": str,
    "unscored": str,
    "unlicensed": str,
    "allowUnscannable": bool,
    "origins": [str],
    "exceptionsOf": str,
    "allowPublicTarget": bool,
    "allowCycle": bool,
    "version": int,
    "consents": [Consent],
}
Proposed = shape("ProposedVersion", **CONTENT, difference=[Change])
Way = shape("Way", source=str, target=str)
Survey = shape(
    "Survey",
    count=int,
    repositories=[Way],
    sharedTargets=dict,
    becomePublic=[str],
    waitingNamespaces=[str],
)
Policy = shape(
    "PromotionPolicy",
    id=UUID,
    enabled=bool,
    lastPromotedAt=str,
    **CONTENT,
    scope=str,
    key=str,
    managedBy=str,
    managedAt=Maybe(datetime),
    standing=str,
    proposed=Maybe(Proposed),
    survey=Maybe(Survey, absent=True),
)
Code = shape("TemplateCode", code=str, meaning=str)
Preview = shape("TemplatePreview", tag=str, at=datetime, codes=[Code])

# --- Decisions --------------------------------------------------------------------

Outcome = shape(
    "Outcome",
    rule=Maybe(dict),
    result=str,
    seen=str,
    sentence=str,
    platform=Maybe(str, absent=True),
    source=Maybe(str, absent=True),
    remedy=Maybe(str, absent=True),
    parts=Maybe([dict], absent=True),
)
Decision = shape(
    "Decision",
    promotionPolicyID=UUID,
    policyVersion=int,
    enabled=bool,
    standing=str,
    targetRepository=Maybe(str),
    verdict=str,
    outcomes=[Outcome],
    reevaluateAt=Maybe(datetime),
    waitsFor=[str],
    digest=str,
)
Trial = shape(
    "Trial",
    id=UUID,
    name=str,
    digest=str,
    repository=str,
    pushedAt=datetime,
    decidedAt=datetime,
    verdict=str,
    outcomes=[Outcome],
    effect=str,
    targetRepository=Maybe(str),
    targetTag=Maybe(str),
    overwrites=Maybe(str),
    errorCode=str,
    reason=str,
    waitsFor=[str],
    reevaluateAt=Maybe(datetime),
)
Failing = shape(
    "Failing",
    id=UUID,
    promotionID=UUID,
    promotionPolicyID=str,
    policyVersion=Maybe(int),
    sourceRepository=Maybe(str),
    sourceTag=Maybe(str),
    targetRepository=Maybe(str),
    targetTag=str,
    digest=str,
    failingSince=datetime,
    reviewedAt=Maybe(datetime),
    fails=[str],
)

# --- Promotions -------------------------------------------------------------------

Promotion = shape(
    "Promotion",
    id=UUID,
    state=str,
    errorCode=str,
    reason=str,
    promotionPolicyID=str,
    policyVersion=Maybe(int),
    requestedBy=Maybe(str),
    comment=str,
    sourceRepository=Maybe(str),
    sourceTag=Maybe(str),
    targetRepository=Maybe(str),
    targetTag=Maybe(str),
    digest=str,
    attempts=int,
    blobsDone=int,
    blobsTotal=int,
    generation=int,
    createdAt=datetime,
    startedAt=Maybe(datetime),
    finishedAt=Maybe(datetime),
)
Started = shape(
    "StartedPromotion",
    promotionPolicyID=str,
    sourceRepository=str,
    sourceTag=str,
    string=str,
    id=UUID,
    state=str,
    targetRepository=str,
    targetTag=str,
)
Refusal = shape("Refusal", id=UUID, reason=str)
Retried = shape(
    "Retried",
    retried=int,
    left=int,
    next=Maybe(UUID),
    refused=[Refusal],
    promotions=[Promotion],
)
