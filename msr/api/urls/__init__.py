"""The router of `/api/v0`: a module for each subject, MSR's operations first."""

from __future__ import annotations

from django.urls import re_path

from msr.api.urls import (
    absent,
    accounts,
    events,
    jobs,
    policy_files,
    promotions,
    repositories,
    scans,
    tokens,
    webhooks,
)
from msr.api.urls.unknown import NoSuchOperation

urlpatterns = [
    *accounts.urlpatterns,
    *events.urlpatterns,
    *jobs.urlpatterns,
    *policy_files.urlpatterns,
    *promotions.urlpatterns,
    *repositories.urlpatterns,
    *scans.urlpatterns,
    *tokens.urlpatterns,
    *webhooks.urlpatterns,
    *absent.urlpatterns,
    re_path(".*", NoSuchOperation.as_view()),
]
