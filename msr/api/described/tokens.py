"""Access tokens, robots, and the CI jobs that are let in as one."""

from __future__ import annotations

from accounts import api as accounts
from accounts.api.api_tokens import (
    NewTokenForm,
    OwnerQuery,
    TokenCleanupQuery,
    TokenForm,
    TokenListQuery,
)
from accounts.api.ci_trusts import CITrustForm
from accounts.api.robots import NewRobotForm, RobotForm
from msr.api.described.kinds import GONE, Described, Rows, listed, made
from msr.api.shapes import tokens as used
from msr.api.shapes.scans import Nothing
from repositories.api import RobotAccess
from repositories.api.robots import PlaceQuery, RobotAccessForm

DESCRIBED: Rows = {
    accounts.TokenList: {
        "get": listed([used.AccessToken], TokenListQuery),
        "post": Described(used.NewAccessToken, body=NewTokenForm, query=OwnerQuery),
        "delete": Described(Nothing, query=TokenCleanupQuery),
    },
    accounts.TokenDetail: {
        "get": Described(used.AccessToken),
        "patch": Described(used.AccessToken, body=TokenForm),
        "delete": Described(Nothing),
    },
    accounts.RobotList: {
        "get": listed(used.Robots),
        "post": made(used.Robot, NewRobotForm),
    },
    accounts.RobotDetail: {
        "get": Described(used.Robot),
        "patch": Described(used.Robot, body=RobotForm),
    },
    accounts.RobotTokenList: {
        "get": listed([used.AccessToken]),
        "post": made(used.NewAccessToken, NewTokenForm),
    },
    accounts.RobotToken: {
        "get": Described(used.AccessToken),
        "patch": Described(used.AccessToken, body=TokenForm),
        "delete": GONE,
    },
    RobotAccess: {
        "get": Described(used.RobotAccess),
        "put": Described(used.RobotAccess, body=RobotAccessForm),
        "delete": Described(None, query=PlaceQuery, status=204),
    },
    accounts.CITrustList: {
        "get": listed(used.CITrusts),
        "post": made(used.CITrust, CITrustForm),
    },
    accounts.CITrustDetail: {"get": Described(used.CITrust), "delete": GONE},
}
