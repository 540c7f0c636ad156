"""Policies as code. These stand before the policies, whose ids they look like."""

from __future__ import annotations

from django.urls import path

from msr.api.urls.addresses import of_namespace, of_repository
from promotions import api as promotions

IN_FILE = "promotionPolicies/<api_name:policy_id>/file"

urlpatterns = [
    path("promotionPolicies/plan", promotions.PlanFile.as_view()),
    path("promotionPolicies/apply", promotions.ApplyFile.as_view()),
    path("promotionPolicies/export", promotions.ExportFile.as_view()),
    path("promotionPolicies/schema", promotions.FileSchema.as_view()),
    path(IN_FILE, promotions.GlobalPolicyInFile.as_view()),
    of_namespace(f"/{IN_FILE}", promotions.NamespacePolicyInFile),
    of_repository(f"/{IN_FILE}", promotions.PolicyInFile),
]
