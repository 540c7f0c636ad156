"""Policies as code."""

from __future__ import annotations

from msr.api.described.kinds import GONE, Described, Rows
from msr.api.shapes import policy_files as shapes
from promotions import api as promotions
from promotions.api.policy_files import (
    YAML,
    ApplyFileQuery,
    ExportQuery,
    FileForm,
    PlanQuery,
)

DESCRIBED: Rows = {
    promotions.PlanFile: {
        "post": Described(shapes.Plan, FileForm, PlanQuery, takes=YAML)
    },
    promotions.ApplyFile: {
        "post": Described(shapes.Plan, FileForm, ApplyFileQuery, takes=YAML)
    },
    promotions.ExportFile: {
        "get": Described(shapes.File, query=ExportQuery, gives=YAML)
    },
    promotions.FileSchema: {"get": Described(shapes.JsonSchema)},
    promotions.PolicyInFile: {"delete": GONE},
    promotions.NamespacePolicyInFile: {"delete": GONE},
    promotions.GlobalPolicyInFile: {"delete": GONE},
}
