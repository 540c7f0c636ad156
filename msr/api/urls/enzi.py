"""The router of `/enzi/v0`, MSR's identity API."""

from __future__ import annotations

from django.urls import path, re_path

from accounts.api import enzi
from msr.api.urls.unknown import NoSuchOperation

ACCOUNT = "accounts/<api_name:account>"
ORGANIZATION = "accounts/<api_name:organization>"
MEMBERS = f"{ORGANIZATION}/members"
TEAM = f"{ORGANIZATION}/teams/<api_name:team>"

urlpatterns = [
    path("accounts", enzi.AccountList.as_view()),
    path(ACCOUNT, enzi.AccountDetail.as_view()),
    path(f"{ACCOUNT}/organizations", enzi.UserOrganizations.as_view()),
    path(MEMBERS, enzi.OrganizationMembers.as_view()),
    path(f"{MEMBERS}/<api_name:member>", enzi.OrganizationMember.as_view()),
    path(f"{ORGANIZATION}/teams", enzi.TeamList.as_view()),
    path(TEAM, enzi.TeamDetail.as_view()),
    path(f"{TEAM}/members", enzi.TeamMembers.as_view()),
    path(f"{TEAM}/members/<api_name:member>", enzi.TeamMember.as_view()),
    re_path(".*", NoSuchOperation.as_view()),
]
