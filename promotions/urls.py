"""Addresses of policies, decisions and promotions.

The pages of policies stand at three places: a repository, a namespace, and for global
policies; the names of the latter two begin with the place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from accounts.views.once import once
from promotions.views import (
    activity,
    dashboard,
    decisions,
    failing,
    history,
    lineage,
    notices,
    pipeline,
    policies,
    policy_record,
    promotions,
)
from promotions.views.policy_form import PolicyFormView
from repositories.urls import NAMESPACE, REPOSITORY

if TYPE_CHECKING:
    from django.urls import URLPattern

TAG = f"{REPOSITORY}/tags/<portal_tag:tag>"


def _policies(base: str, prefix: str) -> list[URLPattern]:
    one = f"{base}/<uuid:uuid>"
    form = once(PolicyFormView.as_view())
    return [
        path(base, policies.policy_list, name=f"{prefix}policies"),
        path(f"{base}/new", form, name=f"{prefix}new_policy"),
        path(one, policies.policy_detail, name=f"{prefix}policy"),
        path(f"{one}/record", policy_record.policy_record, name=f"{prefix}record"),
        path(
            f"{one}/versions", policy_record.policy_versions, name=f"{prefix}versions"
        ),
        path(f"{one}/edit", form, name=f"{prefix}edit_policy"),
        path(f"{one}/switch", policies.switch_policy, name=f"{prefix}switch"),
        path(f"{one}/delete", policies.delete_policy, name=f"{prefix}delete"),
        path(f"{one}/consent", policies.answer, name=f"{prefix}consent"),
        path(f"{one}/retract", policies.retract_proposal, name=f"{prefix}retract"),
        path(f"{one}/release", policies.release_policy, name=f"{prefix}release"),
    ]


app_name = "promotions"
urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("pipeline", pipeline.pipeline_page, name="pipeline"),
    path("notices", notices.notice_list, name="notices"),
    path("failing", failing.failing, name="failing"),
    path("promotions", history.promotion_list, name="promotions"),
    path("promotions/<uuid:uuid>", promotions.promotion_detail, name="promotion"),
    path("promotions/<uuid:uuid>/again", promotions.promote_again, name="again"),
    path("promotions/<uuid:uuid>/cancel", promotions.cancel_promotion, name="cancel"),
    *_policies("promotions/global", "global_"),
    path(
        "promotions/global/<uuid:uuid>/namespaces",
        policies.change_admission,
        name="admission",
    ),
    *_policies(f"{NAMESPACE}/promotions", "namespace_"),
    *_policies(f"{REPOSITORY}/promotions", ""),
    path(f"{NAMESPACE}/events", activity.namespace_activity, name="namespace_activity"),
    path(f"{REPOSITORY}/events", activity.repository_activity, name="activity"),
    path(f"{NAMESPACE}/promotions/charts", policies.charts, name="namespace_charts"),
    path(f"{REPOSITORY}/promotions/charts", policies.charts, name="charts"),
    path(f"{REPOSITORY}/promotions/retry", history.retry_failed, name="retry"),
    path(f"{TAG}/lineage", lineage.tag_lineage, name="lineage"),
    path(f"{TAG}/decisions", decisions.tag_decisions, name="decisions"),
    path(f"{TAG}/promote", promotions.promote_by_hand, name="promote"),
]
