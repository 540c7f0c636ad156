"""Files of policies, and what a plan of one says."""

from __future__ import annotations

from msr.api.shapes.kinds import Maybe, shape
from msr.api.shapes.promotions import Change

Step = shape(
    "PlanStep",
    action=str,
    namespace=str,
    key=str,
    policyId=Maybe(str),
    ends=str,
    changes=[Change],
    notes=[str],
    refusal=str,
)
FailedTest = shape("FailedTest", line=int, column=int, sentence=str)
Plan = shape(
    "Plan",
    name=str,
    applicable=bool,
    fingerprint=str,
    counts=dict,
    steps=[Step],
    failedTests=[FailedTest],
    objections=[str],
)
File = shape("PolicyFile", file=str)
JsonSchema = shape(
    "JsonSchema",
    title=str,
    description=str,
    type=str,
    additionalProperties=bool,
    properties=dict,
    required=[str],
    **{"$schema": str, "$defs": dict},
)
