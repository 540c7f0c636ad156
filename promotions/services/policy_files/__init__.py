"""Policies as code: export them, plan a file, and apply what was planned."""

from __future__ import annotations

from promotions.services.policy_files.exporting import everything, export
from promotions.services.policy_files.planning import Applied, apply, plan
from promotions.services.policy_files.problems import InvalidFile, Problem, StalePlan
from promotions.services.policy_files.reading import MAX_BYTES
from promotions.services.policy_files.schema import file_schema
from promotions.services.policy_files.shape import Scope
from promotions.services.policy_files.steps import (
    MAX_DELETES,
    Action,
    Options,
    Plan,
    Step,
)
from promotions.services.policy_files.telling import harmless, told

__all__ = [
    "MAX_BYTES",
    "MAX_DELETES",
    "Action",
    "Applied",
    "InvalidFile",
    "Options",
    "Plan",
    "Problem",
    "Scope",
    "StalePlan",
    "Step",
    "apply",
    "everything",
    "export",
    "file_schema",
    "harmless",
    "plan",
    "told",
]
