"""Access tokens, and the robots that have nothing else."""

from __future__ import annotations

from django.urls import path

from accounts import api as accounts
from msr.api.urls.addresses import of_namespace
from repositories.api import RobotAccess

ROBOT = "/robots/<api_name:robot>"

urlpatterns = [
    path("api_tokens", accounts.TokenList.as_view()),
    path("api_tokens/<api_name:token>", accounts.TokenDetail.as_view()),
    of_namespace("/robots", accounts.RobotList),
    of_namespace(ROBOT, accounts.RobotDetail),
    of_namespace(f"{ROBOT}/tokens", accounts.RobotTokenList),
    of_namespace(f"{ROBOT}/tokens/<api_name:token>", accounts.RobotToken),
    of_namespace(f"{ROBOT}/access", RobotAccess),
    of_namespace("/ciTrusts", accounts.CITrustList),
    of_namespace("/ciTrusts/<api_name:trust>", accounts.CITrustDetail),
]
