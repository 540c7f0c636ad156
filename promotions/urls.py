"""Addresses of policies, decisions and promotions."""

from __future__ import annotations

from django.urls import path

from promotions.views import dashboard, decisions, history, policies, promotions
from repositories.urls import REPOSITORY

POLICIES = f"{REPOSITORY}/promotions"
TAG = f"{REPOSITORY}/tags/<portal_tag:tag>"

app_name = "promotions"
urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("promotions/<uuid:uuid>", promotions.promotion_detail, name="promotion"),
    path("promotions/<uuid:uuid>/again", promotions.promote_again, name="again"),
    path("promotions/<uuid:uuid>/cancel", promotions.cancel_promotion, name="cancel"),
    path(POLICIES, policies.policy_list, name="policies"),
    path(f"{POLICIES}/retry", history.retry_failed, name="retry"),
    path(f"{POLICIES}/new", policies.PolicyFormView.as_view(), name="new_policy"),
    path(
        f"{POLICIES}/<uuid:uuid>", policies.PolicyFormView.as_view(), name="edit_policy"
    ),
    path(f"{POLICIES}/<uuid:uuid>/switch", policies.switch_policy, name="switch"),
    path(f"{POLICIES}/<uuid:uuid>/delete", policies.delete_policy, name="delete"),
    path(f"{TAG}/decisions", decisions.tag_decisions, name="decisions"),
    path(f"{TAG}/promote", promotions.promote_by_hand, name="promote"),
]
