"""What every operation of `/api/v0` shares, and who may do what in a namespace."""

from __future__ import annotations

from accounts.api.api_tokens import TokenDetail, TokenList
from accounts.api.operation import Form, Operation, camel_case, no_such
from accounts.api.raw_body import raw_body
from accounts.api.robots import (
    RobotDetail,
    RobotList,
    RobotToken,
    RobotTokenList,
    robot_of,
)
from accounts.api.team_access import (
    AccessForm,
    NamespaceTeamAccess,
    NamespaceTeamAccessList,
    access_of,
    level_named,
    team_named,
    teams_on,
)

__all__ = [
    "AccessForm",
    "Form",
    "NamespaceTeamAccess",
    "NamespaceTeamAccessList",
    "Operation",
    "RobotDetail",
    "RobotList",
    "RobotToken",
    "RobotTokenList",
    "TokenDetail",
    "TokenList",
    "access_of",
    "camel_case",
    "level_named",
    "no_such",
    "raw_body",
    "robot_of",
    "team_named",
    "teams_on",
]
